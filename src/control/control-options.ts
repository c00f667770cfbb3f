// The table [control] of the configuration.
import { z } from 'zod';
import { durationOption } from '../model/options.ts';

export const controlOptions = z.strictObject({
  socket: z
    .string()
    .startsWith('/', 'expected an absolute path')
    .max(90, 'expected at most 90 characters, the kernel takes no longer socket path')
    .default('/run/sipwarden/control.sock')
    .describe('The Unix socket that the sipwarden command talks to, in a folder of its own.'),
  group: z
    .int()
    .min(0)
    .default(0)
    .describe('The id of the group whose members may give orders besides root; see "getent group NAME".'),
  asterisk_group: z
    .string()
    .regex(/^[\w.-]{0,32}$/, 'expected the name or number of a group, or nothing')
    .default('asterisk')
    .describe(
      'The group, by name or number, whose members may show, ban (never ours), unban and explain over a second socket, ' +
        'asterisk/control.sock beside the first: for the command line of Asterisk. Where there is no such group only root ' +
        'may; "" makes no such socket. Takes effect at the next start.',
    ),
  confirm_within: durationOption('5m', { atLeast: '1s', atMost: '1d' }).describe(
    'How long a forced change that hits phones, trunks or a session of ours waits for "sipwarden confirm" before it is undone.',
  ),
});
export type ControlOptions = z.infer<typeof controlOptions>;
