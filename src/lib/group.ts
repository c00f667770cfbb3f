// A group of this machine, as group(5) has it.
import { readFileSync } from 'node:fs';

/** Its number, by name or number; undefined where there is none of that name. */
export function findGroup(group: string): number | undefined {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  for (const line of readGroups().split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group && /^\d{1,9}$/.test(gid ?? '')) return Number(gid);
  }
  return undefined;
}

function readGroups(): string {
  try {
    return readFileSync('/etc/group', 'utf8');
  } catch {
    return '';
  }
}
