// The table [firewall] of the configuration.
import { z } from 'zod';

/** What may stand in a request line or header, and may be written into a rule. */
const hotText = z
  .string()
  .regex(/^[A-Za-z0-9 ._/()-]{6,64}$/, 'expected 6 to 64 letters, digits, spaces or any of ._/()-');

export const firewallOptions = z.strictObject({
  backend: z
    .enum(['auto', 'ipset', 'nftables', 'set-only', 'asterisk-acl', 'dry-run'])
    .default('auto')
    .describe(
      'What blocks: "ipset" (iptables and ipset), "nftables", "auto" (the first of these that works here), "set-only" (sets of ipset for rules of your own), "asterisk-acl" (Asterisk alone, by 403, where the firewall may not be changed), or "dry-run", which only says what it would block.',
    ),
  ban_scope: z
    .enum(['protected-ports', 'all-ports'])
    .default('protected-ports')
    .describe(
      'Where a ban holds: on the ports in [protect], or on every port of this host and its guests (SSH and web included).',
    ),
  hot_signatures: z
    .array(hotText)
    .max(8)
    .default(['friendly-scanner', 'sipvicious'])
    .describe(
      'Texts of scanners: a request with one of them dies in the kernel, the first one too. Each costs every request of a stranger about 0.4 µs, so two are enough.',
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
