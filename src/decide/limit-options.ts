// The table [limit] of the configuration: how much a stranger may send before the kernel slows him.
import { z } from 'zod';
import type { LimitName } from '../model/enforcer.ts';
import { durationOption } from '../model/options.ts';

/** A bucket that took longer to fill would be remembered longer, and fewer sources a second could be counted. Seconds. */
const mostRefill = 60;

export const limitOptions = z
  .strictObject({
    invite_per_second: z
      .int()
      .min(0)
      .max(1_000)
      .default(10)
      .describe(
        'INVITEs a second that the kernel lets through from one source that is not ours; 0: as many as he likes.',
      ),
    invite_burst: z.int().min(1).max(10_000).default(20).describe('So many INVITEs at once are no excess.'),
    invite_slowed_per_minute: z
      .int()
      .min(1)
      .max(10_000)
      .default(60)
      .describe('INVITEs a minute that are left to a source after an excess.'),
    invite_slowed_for: durationOption('1m', { atLeast: '1s', atMost: '1d' }).describe(
      'How long after his last excess a source is slowed.',
    ),
    tftp_per_minute: z
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe(
        'TFTP requests a minute from one source that is not ours, nine tenths of them at once; 0: as many as he likes.',
      ),
    tftp_slowed_per_minute: z
      .int()
      .min(1)
      .max(10_000)
      .default(10)
      .describe('TFTP requests a minute that are left to a source after an excess.'),
    tftp_slowed_for: durationOption('10m', { atLeast: '1s', atMost: '1d' }).describe(
      'How long after his last excess a source is slowed.',
    ),
    packets_per_second: z
      .int()
      .min(0)
      .max(100_000)
      .default(500)
      .describe(
        'Packets a second to protected ports from one source that is not ours; 0: as many as he likes.',
      ),
    packets_burst: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe('So many packets at once are no excess.'),
    packets_slowed_per_second: z
      .int()
      .min(1)
      .max(100_000)
      .default(20)
      .describe('Packets a second that are left to a source after an excess.'),
    packets_slowed_for: durationOption('1m', { atLeast: '1s', atMost: '1d' }).describe(
      'How long after his last excess a source is slowed.',
    ),
  })
  .superRefine((options, { addIssue }) => {
    for (const name of ['invite', 'packets'] as const) {
      const [rate, burst] = [options[`${name}_per_second`], options[`${name}_burst`]];
      const most = rate * mostRefill;
      if (rate === 0 || burst <= most) continue;
      const said = `${name}_burst = ${burst} is more than ${name}_per_second = ${rate} lets through in a minute`;
      addIssue({
        code: 'custom',
        message: `${said}: set ${name}_burst to ${most} or less, or raise ${name}_per_second`,
      });
    }
  });
export type LimitOptions = z.infer<typeof limitOptions>;

/** How long a source is slowed after an excess. Milliseconds. */
export function slowedForMs(limit: LimitName, options: LimitOptions): number {
  return options[`${limit}_slowed_for`];
}
