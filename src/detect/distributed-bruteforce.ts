// Many sources that guess at one account, each below the limit of its own (mission W8). Only evidence that proves its
// source counts: forged packets must not have an account protected against its owner.

import { z } from 'zod';
import { createLru } from '../lib/lru.ts';
import type { Network } from '../model/address.ts';
import { type Detection, defineDetector } from '../model/detection.ts';
import type { AuthenticationFailed } from '../model/observation.ts';
import { durationOption } from '../model/options.ts';
import type { Time } from '../model/time.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createEvidenceWindow } from './evidence-window.ts';

const name = 'distributed-bruteforce';
const mostAccounts = 4_096;
/** Milliseconds. */
const ownerForMs = 7 * 86_400_000;
/** Named in the finding. */
const mostSources = 256;

export const distributedBruteforce = defineDetector({
  name,
  summary: 'many sources, each proven, that guess at one account',
  watches: ['authentication-failed', 'authentication-succeeded'],
  options: z.strictObject({
    source_count: z
      .int()
      .min(1)
      .max(250)
      .default(5)
      .describe(
        'So many different sources may fail at one account; one more within monit_period is an attack.',
      ),
    monit_period: durationOption('1h', { atMost: '1d' }).describe(
      'The time within which the sources of one account are counted.',
    ),
  }),
  create({ source_count, monit_period }, context) {
    const successes = createAccountSuccesses(ownerForMs);
    const accounts = createLru<string, ReturnType<typeof createAccount>>(mostAccounts);
    const createAccount = () => ({
      sources: new Map<Network, Time>(),
      window: createEvidenceWindow(monit_period, source_count + 1),
    });
    const accountOf = (account: string) => {
      const known = accounts.get(account) ?? createAccount();
      accounts.set(account, known);
      return known;
    };
    const find = (observation: AuthenticationFailed): Detection | undefined => {
      const { account, time, source: from } = observation;
      const { sources, window } = accountOf(account);
      const source = context.networkOf(from.address);
      sources.delete(source);
      sources.set(source, time);
      for (const [each, last] of sources) {
        if (time - last >= monit_period || sources.size > mostSources) sources.delete(each);
      }
      window.add(observation);
      if (sources.size <= source_count) return undefined;
      const found = { attack: name, source, proof: 'proven', time } as const;
      const counted = { count: sources.size, values: [...sources.keys()].slice(-8) };
      return window.detection(found, 'sources that guess at one account', source_count, counted);
    };
    return {
      observe(observation) {
        if (observation.kind === 'authentication-succeeded') {
          successes.add(observation);
          accounts.get(observation.account)?.sources.delete(context.networkOf(observation.source.address));
        }
        if (observation.kind !== 'authentication-failed' || observation.proof.level === 'asserted')
          return undefined;
        // Whoever knew the password before is its owner, with a new one.
        return successes.has(observation) ? undefined : find(observation);
      },
      forget(source) {
        for (const { sources } of accounts.values()) sources.delete(source);
      },
    };
  },
});
