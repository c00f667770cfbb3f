// Whether a program belongs to an SSH login that is still open. utmp alone does not tell: a killed sshd leaves its
// records.
import { join } from 'node:path';
import { readFileHead } from './file-head.ts';

const headBytes = 4_096;

/**
 * utmp names what sshd started on the terminal (seen with OpenSSH 9.2) or the sshd of that login (with 10.0): either it
 * or its parent is sshd. A program that outlived its login has another parent, and so has, but for chance, a program
 * that was given the same id later. `directory` is /proc.
 */
export function isInSshLogin(pid: number, directory: string): boolean {
  const stat = readHead(join(directory, String(pid), 'stat'));
  // pid (name) state parent ...; the name may contain anything, `)` included.
  const { name, parent } = /^\d+ \((?<name>.*)\) \S (?<parent>\d+) /s.exec(stat)?.groups ?? {};
  if (name === undefined || parent === undefined) return false;
  return isSshd(name) || isSshd(readHead(join(directory, parent, 'comm')).trim());
}

function isSshd(name: string): boolean {
  return name === 'sshd' || name === 'sshd-session';
}

function readHead(path: string): string {
  return readFileHead(path, headBytes)?.toString('latin1') ?? '';
}
