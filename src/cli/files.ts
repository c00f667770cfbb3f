// Files that a person names on the command line: read whole, written whole.
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf, SipwardenError } from '../model/error.ts';

/** More than any list is; the daemon takes no more. Characters. */
const longest = 32 * 1024 * 1024;

/** `-` is standard input. Rejects with FILE_UNREADABLE. */
export async function readInput(file: string): Promise<string> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((cause) => {
    throw new SipwardenError('FILE_UNREADABLE', `${file} cannot be read (${messageOf(cause)})`, { cause });
  });
  if (content.length <= longest) return content;
  throw new SipwardenError('FILE_UNREADABLE', `${file} is longer than ${longest} characters`);
}

/** Standard output where no file is named. Rejects with FILE_UNWRITABLE. */
export async function writeOutput(file: string | undefined, content: string): Promise<void> {
  if (file === undefined) return void process.stdout.write(content);
  await writeFile(file, content).catch((cause) => {
    throw new SipwardenError('FILE_UNWRITABLE', `${file} cannot be written (${messageOf(cause)})`, { cause });
  });
}
