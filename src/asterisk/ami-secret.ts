// The file that holds the secrets of both AMI logins. Whoever reads the actions' secret can read every other secret of
// the PBX, so a file that others may read, or that its group may write, is refused.
import { open } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { messageOf, SipwardenError } from '../model/error.ts';

const secret = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, 'expected 8 to 128 printable characters without blanks');
const secretsSchema = z.strictObject({ events: secret, actions: secret });

export type AmiSecrets = z.infer<typeof secretsSchema>;

const sizeLimit = 4096;
const openToOthers = 0o037;

/** Undefined where there is no such file. Throws AMI_SECRET_UNREADABLE, AMI_SECRET_PERMISSIONS, AMI_SECRET_INVALID. */
export async function readAmiSecrets(path: string): Promise<AmiSecrets | undefined> {
  const file = await openFile(path);
  if (!file) return undefined;
  try {
    const { mode, size } = await file.stat();
    if (mode & openToOthers) throw tooOpen(path);
    if (size > sizeLimit) throw invalid(path, `longer than ${sizeLimit} bytes`);
    return parseSecrets(path, await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

export function formatAmiSecrets({ events, actions }: AmiSecrets): string {
  return [
    '# Written by "sipwarden setup": the secrets of its two logins to the Asterisk manager interface (AMI).',
    `events = "${events}"`,
    `actions = "${actions}"`,
    '',
  ].join('\n');
}

async function openFile(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SipwardenError('AMI_SECRET_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, {
      hint: 'run sipwarden as root, or give its group the right to read the file',
      cause: error,
    });
  }
}

function parseSecrets(path: string, text: string): AmiSecrets {
  let values: unknown;
  try {
    values = parse(text);
  } catch {
    // The parser's own message would quote the secret.
    throw invalid(path, 'no valid TOML');
  }
  const parsed = secretsSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function tooOpen(path: string): SipwardenError {
  return new SipwardenError(
    'AMI_SECRET_PERMISSIONS',
    `${path} can be read by others or written by its group`,
    {
      hint: `chmod 0640 ${path}`,
    },
  );
}

function invalid(path: string, why: string): SipwardenError {
  return new SipwardenError('AMI_SECRET_INVALID', `${path} is not usable: ${why}`, {
    hint: 'it holds two lines, events = "..." and actions = "..."; "sipwarden setup" writes it',
  });
}
