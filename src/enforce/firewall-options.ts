// The table [firewall] of the configuration.
import { z } from 'zod';

export const firewallOptions = z.strictObject({
  backend: z
    .enum(['ipset', 'dry-run'])
    .default('ipset')
    .describe(
      'What blocks: "ipset" (iptables and ipset), or "dry-run", which only says what it would block.',
    ),
  log_limit_per_second: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe(
      'Packets a second of one source (and answers to one destination) that are looked at; more are let through unseen.',
    ),
  keep_bans_on_stop: z
    .boolean()
    .default(true)
    .describe(
      'Bans stay in the kernel until they run out when sipwarden is stopped; false removes everything.',
    ),
});
