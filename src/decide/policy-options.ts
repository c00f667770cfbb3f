// The table [decide] of the configuration.
import { z } from 'zod';
import { durationOption } from '../model/options.ts';

export const policyOptions = z.strictObject({
  ban_time: durationOption('1h').describe(
    'How long the first ban of a proven attacker lasts; each further one lasts twice as long.',
  ),
  ban_time_max: durationOption('7d').describe('No ban lasts longer than this.'),
  drop_time: durationOption('5m').describe(
    'How long a source is dropped on evidence that could have been forged; each further time twice as long.',
  ),
  drop_time_max: durationOption('1h').describe('No such drop lasts longer than this.'),
  forgiven_after: durationOption('30d').describe(
    'A source that was quiet for so long counts as a first offender again.',
  ),
  block_threshold: z
    .int()
    .min(2)
    .max(100)
    .default(5)
    .describe('After so many bans of one source within block_window it belongs on the denylist.'),
  block_window: durationOption('30d', { atLeast: '1h' }).describe(
    'Bans longer ago than this do not count towards block_threshold.',
  ),
  promote: z
    .enum(['automatic', 'propose', 'never'])
    .default('propose')
    .describe(
      'What becomes of such a source: "automatic" puts it on the denylist, "propose" asks you ("sipwarden proposals"). Never one of yours.',
    ),
  grace: durationOption('90s').describe(
    'After a start of sipwarden or of the PBX whole sites register at once: so long a challenge that is not taken up is no evidence.',
  ),
  ipv6_prefix: z
    .int()
    .min(32)
    .max(128)
    .default(64)
    .describe('IPv6 addresses are counted and blocked as networks of this prefix length.'),
});
export type PolicyOptions = z.infer<typeof policyOptions>;
