// Toll fraud begins with looking for the way out: many dial prefixes in front of one number, within seconds or over
// days, from one source or from many (mission W6).

import { z } from 'zod';
import { createLru } from '../lib/lru.ts';
import type { Network } from '../model/address.ts';
import { type Detection, defineDetector } from '../model/detection.ts';
import type { CallAttempted } from '../model/observation.ts';
import { durationOption } from '../model/options.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createDialledPrefixes, splitNumber } from './dialled-prefixes.ts';
import { createWindows } from './threshold.ts';

const name = 'dial-prefix-probing';
const most = { sources: 2_048, numbers: 2_048 } as const;
/** Whoever once proved to be an account of ours may dial a number in many ways. Milliseconds. */
const ownerForMs = 7 * 86_400_000;

export const dialPrefixProbing = defineDetector({
  name,
  summary: 'calls to one number with many different prefixes in front of it',
  watches: ['call-attempted', 'authentication-succeeded'],
  options: z.strictObject({
    prefix_count: z
      .int()
      .min(1)
      .max(50)
      .default(3)
      .describe(
        'In so many ways one source may dial the same number; in one more within monit_period is an attack.',
      ),
    monit_period: durationOption('7d', { atMost: '30d' }).describe(
      'The time within which the ways to dial one number are counted.',
    ),
    joint_prefix_count: z
      .int()
      .min(1)
      .max(100)
      .default(12)
      .describe('The same for all strangers together, each of whom tries a few.'),
    number_digits: z
      .int()
      .min(6)
      .max(15)
      .default(9)
      .describe('Numbers whose last digits are the same, so many of them, are one number.'),
  }),
  create({ prefix_count, monit_period, joint_prefix_count, number_digits }, context) {
    const windows = createWindows({ name, context, withinMs: monit_period, limit: prefix_count });
    const bySource = createDialledPrefixes({
      withinMs: monit_period,
      keys: most.sources,
      each: prefix_count + 1,
    });
    const byNumber = createDialledPrefixes({
      withinMs: monit_period,
      keys: most.numbers,
      each: joint_prefix_count + 1,
    });
    const joint = createLru<string, Set<Network>>(most.numbers);
    const successes = createAccountSuccesses(ownerForMs);

    const find = (observation: CallAttempted): Detection | undefined => {
      const dialled = splitNumber(observation.number, number_digits);
      if (!dialled || successes.has(observation)) return undefined;
      const { prefix, number } = dialled;
      const { time, proof } = observation;
      const source = context.sourceOf(observation.source.address);
      const own = bySource.add(`${source} ${number}`, prefix, time);
      const all = byNumber.add(number, prefix, time);
      const sources = joint.get(number) ?? new Set();
      joint.set(number, sources.add(source));
      if (sources.size > most.sources) sources.clear();
      const window = windows.of(source, proof);
      window.add(observation);
      const isJoint = all.length > joint_prefix_count && sources.size > 1;
      if (own.length <= prefix_count && !isJoint) return undefined;
      const limit = own.length > prefix_count ? prefix_count : joint_prefix_count;
      const prefixes = own.length > prefix_count ? own : all;
      const found = { attack: name, source, proof: window.exceeds(0) ?? 'asserted', time };
      const values = prefixes.slice(-8).map((each) => `${each}…${number}`);
      const counted = { count: prefixes.length, values };
      return window.detection(found, 'ways to dial one number', limit, counted);
    };

    return {
      observe(observation) {
        if (observation.kind === 'authentication-succeeded') successes.add(observation);
        return observation.kind === 'call-attempted' ? find(observation) : undefined;
      },
      forget(source) {
        windows.forget(source);
        bySource.forget((key) => key.startsWith(`${source} `));
        for (const sources of joint.values()) sources.delete(source);
      },
    };
  },
});
