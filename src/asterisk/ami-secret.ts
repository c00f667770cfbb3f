// The file that holds the secrets of both AMI logins. Whoever reads the actions' secret can read every other secret of
// the PBX.
import { z } from 'zod';
import { readSecretFile, secret } from './secret-file.ts';

const schema = z.strictObject({ events: secret, actions: secret });
export type AmiSecrets = z.infer<typeof schema>;

const form = 'two lines, events = "..." and actions = "..."';

/** Undefined where there is no such file. Throws AMI_SECRET_UNREADABLE, AMI_SECRET_PERMISSIONS, AMI_SECRET_INVALID. */
export function readAmiSecrets(path: string): Promise<AmiSecrets | undefined> {
  return readSecretFile(path, { area: 'AMI', schema, form });
}

export function formatAmiSecrets({ events, actions }: AmiSecrets): string {
  return [
    '# Written by "sipwarden setup": the secrets of its two logins to the Asterisk manager interface (AMI).',
    `events = "${events}"`,
    `actions = "${actions}"`,
    '',
  ].join('\n');
}
