// The tables [detect.*] and [[detect.override]] of the configuration, made of what the detectors bring along.
import { z } from 'zod';
import type { DetectorDefinition } from './model/detection.ts';
import { networkOption } from './model/options.ts';
import { type DetectOptions, definitions, detectorStates } from './registry.ts';

const state = z
  .enum(detectorStates)
  .default('enforce')
  .describe('"observe" records what it finds and blocks nobody for it; "off" does not look.');

const overrideOptions = z
  .strictObject({
    sources: z.array(networkOption()).max(1_000).default([]).describe('For these addresses and networks ...'),
    victims: z
      .array(networkOption())
      .max(1_000)
      .default([])
      .describe('... and what they send to these of ours.'),
    ...tables(({ options }) => withoutDefaults(options.extend({ state })).optional()),
  })
  .refine(({ sources, victims }) => sources.length + victims.length > 0, {
    message: 'expected sources, victims or both',
  });

export const detectOptions = z.strictObject({
  ...tables(({ summary, options }) => section(options.extend({ state }), asSentence(summary))),
  override: z
    .array(overrideOptions)
    .max(64)
    .default([])
    .meta({ takes: 'tables, each as [[detect.override]]' })
    .describe(
      'Other options for some sources or victims: sources and victims name addresses and networks, and tables below such as [detect.override.registration-bruteforce] what is different for them. Of several that fit the last counts.',
    ),
}) as unknown as z.ZodType<DetectOptions, Record<string, unknown>>;

function tables(make: (definition: DetectorDefinition) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(definitions.map(([name, definition]) => [name, make(definition)]));
}

/** What is not said is as it is everywhere else. */
function withoutDefaults(options: z.ZodObject): z.ZodObject {
  const members = Object.entries(options.shape).map(([name, member]) => {
    const inner =
      member instanceof z.ZodDefault || member instanceof z.ZodPrefault ? member.unwrap() : member;
    return [name, (inner as z.ZodType).optional()] as const;
  });
  return z.strictObject(Object.fromEntries(members));
}

/** A table that may be left out; then every option in it has its default. */
export function section<Options extends z.ZodType>(options: Options, description: string) {
  return options.describe(description).prefault({} as z.input<Options>);
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
