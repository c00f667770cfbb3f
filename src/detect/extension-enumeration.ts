// Looking for extensions: many different accounts tried from one source that never authenticates as them.
import { z } from 'zod';
import { defineDetector, type Faded, type ProofLevel } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import type { Time } from '../model/time.ts';
import { createDistinctValues, remember } from './distinct-values.ts';
import { createEvidenceWindow } from './evidence-window.ts';
import { createSourceTable } from './source-table.ts';

const name = 'extension-enumeration';
/** Asterisk's word where no endpoint matched: no account's name. */
const noAccount = '<unknown>';
/** Phones of one site that are remembered as such. */
const keptSuccesses = 256;

export const extensionEnumeration = defineDetector({
  name,
  summary: 'many different accounts tried from one source that never authenticates as them',
  watches: ['account-probed', 'authentication-failed', 'authentication-succeeded'],
  options: z.strictObject({
    account_count: z
      .int()
      .min(1)
      .max(1_000)
      .default(5)
      .describe('So many different accounts are forgiven; one more within monit_period is an attack.'),
    monit_period: durationOption('2m').describe('The time within which different accounts are counted.'),
  }),
  create({ account_count, monit_period }, context) {
    const sources = createSourceTable({
      name,
      context,
      create: (before) => ({
        accounts: createTriedAccounts(monit_period, account_count + 1, before),
        window: createEvidenceWindow(monit_period, account_count + 1, before),
      }),
      fade: ({ accounts, window }) => accounts.fade(window.fade()),
    });
    return {
      observe(observation) {
        if (!('account' in observation)) return undefined;
        const source = context.sourceOf(observation.source.address);
        const { account, proof, time } = observation;
        const { accounts, window } = sources.of(source, proof);
        if (observation.kind === 'authentication-succeeded') {
          accounts.succeed(account, time);
          return undefined;
        }
        window.add(observation);
        if (account !== noAccount) accounts.add(account, proof.level, time);
        const level = accounts.exceeds(account_count, time);
        if (!level) return undefined;
        const found = { attack: name, source, proof: level, time };
        const count = accounts.count('asserted', time);
        return window.detection(found, 'different accounts', account_count, { count });
      },
      forget: sources.forget,
    };
  },
});

/** Who authenticates as an account may have been late to take up a challenge for it, and is not looking for it. */
function createTriedAccounts(withinMs: number, capacity: number, before: Faded | undefined) {
  const tried = createDistinctValues(withinMs, capacity, before);
  const succeeded = new Map<string, Time>();
  return {
    ...tried,
    add(account: string, level: ProofLevel, time: Time) {
      if (Math.abs(time - (succeeded.get(account) ?? Number.NEGATIVE_INFINITY)) >= withinMs)
        tried.add(account, level, time);
    },
    succeed(account: string, time: Time) {
      tried.delete(account);
      remember(succeeded, account, time, keptSuccesses);
    },
  };
}
