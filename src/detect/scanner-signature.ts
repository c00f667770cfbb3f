// Known scanners: a request that looks as only a scanner's does, from its very first packet on (mission M2), and one that
// an honest program may send too, beside requests that never authenticate.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { mostSignatures, signatureName, signaturePattern } from '../model/signature.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createSuspicion } from './suspicion.ts';
import { createThreshold } from './threshold.ts';

const name = 'scanner-signature';

export const scannerSignature = defineDetector({
  name,
  summary: 'requests that look as those of a known scanner do',
  watches: ['signature-match', 'account-probed', 'authentication-succeeded'],
  options: z.strictObject({
    user_agents: z
      .array(signaturePattern)
      .max(mostSignatures)
      .default([])
      .describe(
        'User-Agents of scanners besides those that sipwarden knows; one request is an attack. In any case: "name" is the whole value, "name*" its beginning, "*name" its end, "*name*" any part of it. Signatures of other headers, and weak ones, are written into signatures.d/*.toml beside this file.',
      ),
    off: z
      .array(signatureName)
      .max(mostSignatures)
      .default([])
      .describe(
        'Names of signatures, of those that sipwarden brings along (src/detect/known-scanners.toml) and of signatures.d, that are not looked for; "*" is all of them.',
      ),
    score_probe_count: z
      .int()
      .min(1)
      .max(10_000)
      .default(20)
      .describe(
        'A signature of confidence "score" is never an attack by itself. A source that matched one may send so many requests that never authenticate; one more, within monit_period of the match and of each other, is an attack.',
      ),
    monit_period: durationOption('10m', { atMost: '1d' }).describe(
      'Requests of one source within this time belong together.',
    ),
  }),
  create({ score_probe_count, monit_period, ...chosen }, context) {
    const isWanted = signatureFilter(chosen);
    const common = { name, context, withinMs: monit_period };
    const scans = createThreshold({ ...common, what: 'requests of a known scanner', limit: 0 });
    const suspicion = createSuspicion({
      ...common,
      what: 'requests that never authenticated, beside a weak signature',
      limit: score_probe_count,
    });
    const successes = createAccountSuccesses(monit_period);
    return {
      observe(observation) {
        switch (observation.kind) {
          case 'signature-match':
            if (!isWanted(observation.signature)) return undefined;
            return observation.confidence === 'drop'
              ? scans.observe(observation)
              : suspicion.suspect(observation);
          case 'account-probed':
            return successes.has(observation) ? undefined : suspicion.add(observation);
          case 'authentication-succeeded':
            return void successes.add(observation);
          default:
            return undefined;
        }
      },
      forget(source) {
        scans.forget(source);
        suspicion.forget(source);
      },
    };
  },
});

/** Whether a signature of that name counts; `off = ["*"]` leaves those that were listed by hand. */
export function signatureFilter({
  user_agents,
  off,
}: {
  readonly user_agents: readonly string[];
  readonly off: readonly string[];
}): (name: string) => boolean {
  const [listed, unwanted] = [new Set(user_agents), new Set(off)];
  return (name) => !unwanted.has(name) && (listed.has(name) || !unwanted.has('*'));
}
