// The table [asterisk_acl] of the configuration.
import { z } from 'zod';

/** What may stand in an #include of Asterisk's. */
const path = /^\/[\w./@+-]{1,200}$/;

export const aclOptions = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      'Asterisk itself refuses whoever is banned (403), as a second layer behind the firewall. Run "sipwarden setup" first. Where this process may change no firewall, say [firewall] backend = "asterisk-acl" instead: the ACL protects alone then.',
    ),
  file: z
    .string()
    .regex(path, 'expected the whole path of a file, of letters, digits and ./_@+-')
    .default('/var/lib/sipwarden-acl/acl.conf')
    .describe(
      'Where the rules are written. Its folder holds nothing else and is the daemon\'s; Asterisk must be able to read it. "sipwarden setup" tells Asterisk its name.',
    ),
  section: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'expected letters, digits, "-" and "_"')
    .default('sipwarden')
    .describe('What the ACL is called in acl.conf.'),
  max_entries: z
    .int()
    .min(1)
    .max(5_000)
    .default(1_000)
    .describe(
      'Blocked addresses and networks in it; where there are more, the oldest leave. Each thousand costs every SIP request about 24 µs.',
    ),
});
export type AclOptions = z.infer<typeof aclOptions>;
