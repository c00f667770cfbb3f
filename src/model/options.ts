// Building blocks for the options that a plug-in takes from the configuration file. What is right is said in the error.
// An option's default is its input text, so that the reference can print it; `takes` is its type in a person's words.
import { z } from 'zod';
import { type Network, parseNetwork } from './address.ts';
import { formatDuration, parseDuration } from './time.ts';

/** First and last port, both included. */
export type PortRange = readonly [first: number, last: number];

const durationForm = 'a duration such as "90s", "10m", "1h" or "7d"';
const portForm = 'a port (5060) or a range of ports ("5060-5080"), each from 1 to 65535';
const networkForm = 'an address or a network such as "192.0.2.7", "192.0.2.0/24" or "2001:db8::/32"';

/** A duration as text; gives milliseconds. The bounds are included and are durations themselves. */
export function durationOption(
  defaultText: string,
  { atLeast = '1ms', atMost = '3650d' }: { readonly atLeast?: string; readonly atMost?: string } = {},
) {
  const leastMs = parseDuration(atLeast) ?? 0;
  const mostMs = parseDuration(atMost) ?? Number.MAX_SAFE_INTEGER;
  return textOption('a duration', durationForm, (text) => {
    const ms = parseDuration(text);
    if (ms === undefined) return { problem: `expected ${durationForm}` };
    if (ms < leastMs) return { problem: `expected at least "${formatDuration(leastMs)}"` };
    if (ms > mostMs) return { problem: `expected at most "${formatDuration(mostMs)}"` };
    return { value: ms };
  }).prefault(defaultText);
}

/** A user of this machine, by name or number. */
export function userOption(defaultUser: string) {
  return z
    .string()
    .regex(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}$/, 'expected a user name or number')
    .default(defaultUser);
}

/** A list of ports and ranges of ports; gives ranges, sorted, where none overlaps or touches another. */
export function portsOption(defaultPorts: readonly (string | number)[]) {
  return z
    .array(z.union([z.int(), z.string()], { error: `expected ${portForm}` }).transform(toPortRange))
    .max(64, 'expected at most 64 ports or ranges')
    .transform(mergeRanges)
    .meta({ takes: 'a list of ports and ranges such as "5060-5080"' })
    .prefault([...defaultPorts]);
}

/** One address or network; gives its canonical text. */
export function networkOption() {
  return textOption<Network>('an address or a network', networkForm, (text) => {
    const network = parseNetwork(text.trim());
    return network === undefined ? { problem: `expected ${networkForm}` } : { value: network };
  });
}

function textOption<Value>(
  takes: string,
  form: string,
  read: (text: string) => { readonly value: Value } | { readonly problem: string },
) {
  return z
    .string({ error: `expected ${form}` })
    .transform((text, context): Value => {
      const answer = read(text);
      if ('value' in answer) return answer.value;
      context.issues.push({ code: 'custom', message: answer.problem, input: text });
      return z.NEVER;
    })
    .meta({ takes });
}

function toPortRange(port: string | number, context: z.RefinementCtx): PortRange {
  const match = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(String(port).trim());
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (first >= 1 && last >= first && last <= 65_535) return [first, last];
  context.issues.push({ code: 'custom', message: `expected ${portForm}`, input: port });
  return z.NEVER;
}

function mergeRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const [first, last] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) merged[merged.length - 1] = [before[0], Math.max(before[1], last)];
    else merged.push([first, last]);
  }
  return merged;
}
