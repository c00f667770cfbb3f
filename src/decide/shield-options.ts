// The table [shield] of the configuration.
import { z } from 'zod';
import { durationOption } from '../model/options.ts';

export const shieldOptions = z.strictObject({
  after_registration: durationOption('6h').describe(
    'How long an address stays shielded after the registration behind it has run out.',
  ),
  young_for: durationOption('1d').describe(
    'A shield younger than this protects from forged evidence, but not from proven evidence: one stolen account must not cover a password attack.',
  ),
  failures_forgotten_after: durationOption('10m').describe(
    'An address with a proven failed authentication within this time earns no shield by a success.',
  ),
  office_accounts: z
    .int()
    .min(2)
    .max(1_000)
    .default(5)
    .describe(
      'So many different accounts registered behind one address make it an office: never banned as a whole without a person, however young its shield.',
    ),
  blast_radius: z
    .int()
    .min(0)
    .max(1_000)
    .default(4)
    .describe(
      'An address with a young shield and more phones, trunks and calls behind it than this is not banned without a person.',
    ),
  port_ban_time: durationOption('10m', { atMost: '1d' }).describe(
    'How long one source port of a shielded address is blocked; routers give ports to others soon.',
  ),
  port_bans: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe(
      'After so many blocked ports of one address within held_window a person is asked about the address.',
    ),
  held_window: durationOption('10m').describe(
    'The time within which blocked ports of one address are counted.',
  ),
  held_for: durationOption('1d').describe(
    'How long a ban waits for "sipwarden approve" or "dismiss"; a dismissed one is not asked again as long.',
  ),
  stale_phone_pause: durationOption('5s').describe(
    'Failures of one account from a shielded address that come evenly, and no oftener than this, are a phone with a wrong password: it is named and nothing is blocked.',
  ),
  unknown_phone_pause: durationOption('30s').describe(
    'The same for an address where nobody is known: the phone of a new office, or one whose password was changed.',
  ),
  unknown_phone_tries: z
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe(
      'So many failures of such an unknown phone are forgiven until it was quiet for a day; 0 forgives none.',
    ),
});
export type ShieldOptions = z.infer<typeof shieldOptions>;
