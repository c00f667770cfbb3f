// Gives up what the sidecar was started with, before it reads a packet, and says what is still held.
import { readdirSync, readFileSync } from 'node:fs';
import { SipwardenError } from '../model/error.ts';

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Becomes `user` (a name or a number), for good, where the process is root's. Throws SIDECAR_USER. */
export function dropRights(user: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = findAccount(user, readFileSync('/etc/passwd', 'utf8'));
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** A number that has no line in passwd(5) is its own group. */
export function findAccount(user: string, passwd: string): Account {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== user && uid !== user) continue;
    if (/^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '')) return { uid: Number(uid), gid: Number(gid) };
  }
  if (/^\d{1,9}$/.test(user)) return { uid: Number(user), gid: Number(user) };
  throw new SipwardenError('SIDECAR_USER', `there is no user ${JSON.stringify(user)} on this machine`, {
    hint: 'set sidecar_user in [capture] to a user that exists and owns nothing, such as "nobody"',
  });
}

/** What any thread of this process could still do as root; nothing where the list is empty. */
export function heldRights(): string[] {
  const threads = readdirSync('/proc/self/task');
  return threads.flatMap((thread) => privilegesIn(readFileSync(`/proc/self/task/${thread}/status`, 'utf8')));
}

/** Privileges in the text of proc_pid_status(5): root as one of the four user ids, or any capability. */
export function privilegesIn(status: string): string[] {
  const root = /^Uid:.*\t0(\t|$)/m.exec(status)?.[0];
  const capabilities = status.match(/^Cap(Inh|Prm|Eff|Amb):\t0*[1-9a-f][0-9a-f]*$/gm) ?? [];
  return [...(root ? [root] : []), ...capabilities].map((line) => line.replaceAll('\t', ' '));
}
