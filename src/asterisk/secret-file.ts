// A file that holds secrets as TOML. Whoever may read it may do what they allow, so a file that others may read, or that
// its group may write, is refused. No error quotes a secret.
import { open } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { messageOf, SipwardenError } from '../model/error.ts';

export interface SecretFile<Secrets> {
  /** Begins the codes of its errors. */
  readonly area: 'AMI' | 'HEP';
  readonly schema: z.ZodType<Secrets>;
  /** What it holds, for a person. */
  readonly form: string;
}

/** One secret, in letters that need no quoting in any file that it stands in. */
export const secret = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, 'expected 8 to 128 printable characters without blanks');

const sizeLimit = 4096;
const openToOthers = 0o037;

/** Undefined where there is no such file. Throws AREA_SECRET_UNREADABLE, AREA_SECRET_PERMISSIONS, AREA_SECRET_INVALID. */
export async function readSecretFile<Secrets>(
  path: string,
  { area, schema, form }: SecretFile<Secrets>,
): Promise<Secrets | undefined> {
  const file = await openFile(path, area);
  if (!file) return undefined;
  const invalid = (why: string) =>
    new SipwardenError(`${area}_SECRET_INVALID`, `${path} is not usable: ${why}`, {
      hint: `it holds ${form}; "sipwarden setup" writes it`,
    });
  try {
    const { mode, size } = await file.stat();
    if (mode & openToOthers) throw tooOpen(path, area);
    if (size > sizeLimit) throw invalid(`longer than ${sizeLimit} bytes`);
    const parsed = schema.safeParse(parseToml(await file.readFile('utf8'), () => invalid('no valid TOML')));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  } finally {
    await file.close();
  }
}

async function openFile(path: string, area: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SipwardenError(`${area}_SECRET_UNREADABLE`, `cannot read ${path}: ${messageOf(error)}`, {
      hint: 'run sipwarden as root, or give its group the right to read the file',
      cause: error,
    });
  }
}

function parseToml(text: string, invalid: () => SipwardenError): unknown {
  try {
    return parse(text);
  } catch {
    // The parser's own message would quote the secret.
    throw invalid();
  }
}

function tooOpen(path: string, area: string): SipwardenError {
  return new SipwardenError(
    `${area}_SECRET_PERMISSIONS`,
    `${path} can be read by others or written by its group`,
    { hint: `chmod 0640 ${path}` },
  );
}
