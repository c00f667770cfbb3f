// A user of this machine, as passwd(5) has it.
import { readFileSync } from 'node:fs';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** By name or number. A number that has no line in `passwd` is its own group; undefined where a name has none. */
export function findAccount(user: string, passwd = readFileSync('/etc/passwd', 'utf8')): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== user && uid !== user) continue;
    if (/^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '')) return { uid: Number(uid), gid: Number(gid) };
  }
  return /^\d{1,9}$/.test(user) ? { uid: Number(user), gid: Number(user) } : undefined;
}
