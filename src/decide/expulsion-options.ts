// The table [asterisk] of the configuration.
import { z } from 'zod';
import { durationOption } from '../model/options.ts';

const whom = ['off', 'compromised', 'proven'] as const;

export const expulsionOptions = z.strictObject({
  hang_up: z
    .enum(whom)
    .default('compromised')
    .describe(
      'Whose calls are hung up: "compromised" of strangers who guessed at an account and got in, "proven" of everybody ' +
        "who is banned on proven evidence too. Never of an address that is allowlisted, shielded or an administrator's.",
    ),
  remove_contact: z
    .enum(whom)
    .default('compromised')
    .describe('Whose registrations are removed; the same words, the same exceptions.'),
  expel_for: durationOption('1d', { atLeast: '1m' }).describe(
    'How long a stranger who got in is put out again and again, until somebody has changed the password; "sipwarden unban" ends it.',
  ),
});
export type ExpulsionOptions = z.infer<typeof expulsionOptions>;
