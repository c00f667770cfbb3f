// The file that holds the password by which the PBX shows that it is the one who mirrors.
import { z } from 'zod';
import { SipwardenError } from '../model/error.ts';
import { readSecretFile, secret } from './secret-file.ts';

const schema = z.strictObject({
  password: secret.refine((text) => !text.includes(';'), 'holds a ";", which begins a comment in hep.conf'),
});
const form = 'one line, password = "..."';

/** Undefined where there is no such file. Throws HEP_SECRET_UNREADABLE, HEP_SECRET_PERMISSIONS, HEP_SECRET_INVALID. */
export async function findHepPassword(path: string): Promise<string | undefined> {
  return (await readSecretFile(path, { area: 'HEP', schema, form }))?.password;
}

/** Undefined where none is wanted, by the name "". Throws as `findHepPassword`, and HEP_SECRET_MISSING. */
export async function readHepPassword(path: string): Promise<string | undefined> {
  if (path === '') return undefined;
  const password = await findHepPassword(path);
  if (password !== undefined) return password;
  throw new SipwardenError('HEP_SECRET_MISSING', `there is no ${path}`, {
    hint: `"sipwarden setup" writes it; by hand it holds ${form}`,
  });
}

export function formatHepPassword(password: string): string {
  return [
    '# Written by "sipwarden setup": what Asterisk sends along with what it mirrors (capture_password in hep.conf).',
    `password = "${password}"`,
    '',
  ].join('\n');
}
