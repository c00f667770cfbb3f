// The options of [host].
import { z } from 'zod';

export const hostOptions = z.strictObject({
  administrators: z
    .boolean()
    .default(true)
    .describe(
      'Whether the address of somebody who is logged in to this host over SSH is never blocked, for as long as he is.',
    ),
  gateways: z
    .boolean()
    .default(true)
    .describe('Whether the default gateways of this host are never blocked.'),
});
export type HostOptions = z.infer<typeof hostOptions>;
