// Accounts and provisioning files that exist for nobody honest: one touch is enough (mission W14).
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import type { Observation } from '../model/observation.ts';
import { baseName } from './file-names.ts';
import { createThreshold } from './threshold.ts';

const name = 'canary';
/** Touches of one source this close together belong to one finding. Milliseconds. */
const togetherMs = 600_000;

const names = z.array(z.string().min(1).max(100)).max(1_000).default([]);

export const canary = defineDetector({
  name,
  summary: 'touches of an account or a provisioning file that exists for nobody honest',
  watches: ['account-probed', 'authentication-failed', 'call-attempted', 'file-requested'],
  options: z.strictObject({
    accounts: names.describe('Extensions that no phone of yours uses: whoever tries one is found at once.'),
    files: names.describe(
      'Names of provisioning files that no phone of yours asks for, without folders and in any case of letters.',
    ),
  }),
  create({ accounts, files }, context) {
    const decoys = { account: new Set(accounts), file: new Set(files.map(baseName)) };
    const threshold = createThreshold({
      name,
      context,
      what: 'touches of a canary',
      limit: 0,
      withinMs: togetherMs,
    });
    const isTouch = (observation: Observation): boolean => {
      if ('account' in observation) return decoys.account.has(observation.account);
      return 'file' in observation && decoys.file.has(baseName(observation.file));
    };
    return {
      observe: (observation) => (isTouch(observation) ? threshold.observe(observation) : undefined),
      forget: threshold.forget,
    };
  },
});
