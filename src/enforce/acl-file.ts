// The file that Asterisk includes in the section of its ACL: the rules, and in comments whose they are, so that the file
// alone tells after a restart what it holds. What we cannot read ourselves is never written.
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isIPv6, parseNetwork } from '../model/address.ts';
import type { Entry } from '../model/enforcer.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { AclRule } from '../model/pbx-acl.ts';
import { isoTime } from '../model/time.ts';
import { aclSets } from './acl-rules.ts';

export interface Acl {
  readonly rules: readonly AclRule[];
  readonly members: readonly Entry[];
}

const heading =
  '; Written by sipwarden, again and again: change nothing here. Who is in it, and then the rules.';
/** Whoever runs Asterisk has to read it. */
const newMode = 0o644;

/** Throws ACL_INVALID where our own reader would not read the same: one bad line, and Asterisk starts without the ACL. */
export function formatAcl({ rules, members }: Acl): string {
  const ends = ({ until }: Entry) => (until === undefined ? '' : ` until ${isoTime(until)}`);
  const comments = members.map((entry) => `; ${entry.set} ${entry.target}${ends(entry)}`);
  const lines = formatRules(rules);
  const isRead = lines.every((line, index) => readRule(line)?.network === rules[index]?.network);
  if (isRead && comments.every((line) => memberForm.test(line)))
    return `${[heading, ...comments, ...lines].join('\n')}\n`;
  throw new SipwardenError('ACL_INVALID', 'the ACL would hold a line that is no rule; it stays as it is', {
    hint: 'this is a mistake in sipwarden: please report it with the output of "sipwarden bans"',
  });
}

/** One line each; always with the length, as Asterisk's oldest readers of it want. */
export function formatRules(rules: readonly AclRule[]): readonly string[] {
  return rules.map(({ sense, network }) => {
    const whole = network.includes('/') ? '' : `/${isIPv6(network) ? 128 : 32}`;
    return `${sense} = ${network}${whole}`;
  });
}

/** Undefined where any line is not one of ours. */
export function parseAcl(text: string): Acl | undefined {
  const [first, ...lines] = text.split('\n');
  if (first !== heading || lines.pop() !== '') return undefined;
  const rules: AclRule[] = [];
  const members: Entry[] = [];
  for (const line of lines) {
    const member = readMember(line);
    const rule = readRule(line);
    if (member) members.push(member);
    else if (rule) rules.push(rule);
    else return undefined;
  }
  return { rules, members };
}

const memberForm = /^; (\w+) ([\da-f.:/]+)(?: until (\S+))?$/;

function readMember(line: string): Entry | undefined {
  const [, name, text = '', end] = memberForm.exec(line) ?? [];
  const set = aclSets.find((each) => each === name);
  const target = parseNetwork(text);
  const until = end === undefined ? undefined : Date.parse(end);
  if (!set || target === undefined || Number.isNaN(until)) return undefined;
  return { set, target, ...(until !== undefined && { until }) };
}

function readRule(line: string): AclRule | undefined {
  const [, sense, text = ''] = /^(deny|permit) = ([\da-f.:]+\/\d{1,3})$/.exec(line) ?? [];
  const network = parseNetwork(text);
  if (network === undefined || network.endsWith('/0')) return undefined;
  return { sense: sense === 'deny' ? 'deny' : 'permit', network };
}

/** Undefined where there is none. Throws ACL_FILE. */
export async function readAclFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, error);
  }
}

/** Asterisk finds the old file or the new one, never less. Throws ACL_FILE. */
export async function replaceAclFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const before = await stat(path).catch(() => undefined);
    await using file = await open(temporary, 'wx', newMode);
    await file.writeFile(text, 'latin1');
    // Only root may give a file away; for everybody else the folder's group is right.
    if (before) await file.chown(before.uid, before.gid).catch(() => undefined);
    await file.chmod(before ? before.mode & 0o7777 : newMode);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, error);
  }
}

export async function removeAclFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error) => {
    throw fileError(path, error);
  });
}

function fileError(path: string, cause: unknown): SipwardenError {
  return new SipwardenError(
    'ACL_FILE',
    `the ACL of Asterisk cannot be kept in ${path}: ${messageOf(cause)}`,
    {
      hint: `the daemon's user must own ${dirname(path)}: "sipwarden run", started as root, sees to that; or name another file in [asterisk_acl]`,
      cause,
    },
  );
}
