// Looking for extensions: many different accounts tried from one source that never authenticates as them.
import { z } from 'zod';
import { defineDetector, type Faded, type ProofLevel } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import type { Time } from '../model/time.ts';
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
        accounts: createDistinctAccounts(monit_period, account_count + 1, before),
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
        const detection = window.detection(found, 'different accounts', account_count);
        const { evidence } = detection;
        const counted = { ...evidence.counted, count: accounts.count('asserted', time) };
        return { ...detection, evidence: { ...evidence, counted } };
      },
      forget: sources.forget,
    };
  },
});

/** Distinct values join over the sensors as a union: whoever saw it, one account is one. Keeps `capacity` a level. */
function createDistinctAccounts(withinMs: number, capacity: number, before: Faded | undefined) {
  const tried: Record<ProofLevel, Map<string, Time>> = { asserted: new Map(), proven: new Map() };
  /** Who authenticates as an account may have been late to take up a challenge for it, and is not looking for it. */
  const succeeded = new Map<string, Time>();
  // Their names are lost. No account of anybody's is called so.
  for (let index = 0; before && index < Math.min(before.count, capacity); index += 1)
    tried.asserted.set(`\0${index}`, before.lastTime);

  const count = (level: ProofLevel, end: Time): number => {
    const levels: ProofLevel[] = level === 'proven' ? ['proven'] : ['asserted', 'proven'];
    const recent = levels.flatMap((one) =>
      [...tried[one]].filter(([, time]) => Math.abs(end - time) < withinMs),
    );
    return new Set(recent.map(([account]) => account)).size;
  };

  return {
    count,
    add(account: string, level: ProofLevel, time: Time) {
      if (Math.abs(time - (succeeded.get(account) ?? Number.NEGATIVE_INFINITY)) < withinMs) return;
      const latest = Math.max(time, tried[level].get(account) ?? time);
      remember(tried[level], account, latest, capacity);
    },
    succeed(account: string, time: Time) {
      tried.asserted.delete(account);
      tried.proven.delete(account);
      remember(succeeded, account, time, keptSuccesses);
    },
    /** Of the messages only as many as there were different accounts. */
    fade: (messages: Faded | undefined): Faded | undefined =>
      messages && { ...messages, count: tried.asserted.size },
    exceeds(limit: number, end: Time): ProofLevel | undefined {
      if (count('proven', end) > limit) return 'proven';
      return count('asserted', end) > limit ? 'asserted' : undefined;
    },
  };
}

function remember(times: Map<string, Time>, account: string, time: Time, most: number): void {
  times.delete(account);
  times.set(account, time);
  const [oldest] = times.keys();
  if (times.size > most && oldest !== undefined) times.delete(oldest);
}
