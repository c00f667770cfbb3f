// What a program that reads strangers' bytes could still do as somebody else: nothing, or it does not start.
import { readdirSync, readFileSync } from 'node:fs';

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
