// Who is logged in over SSH now, joined from utmp (logins with a terminal) and systemd-logind (every login through PAM,
// that of scp too). Never from connections: whoever opens one would be protected.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AdministratorSession } from '../model/inventory.ts';
import { readFileHead, whereThere } from './file-head.ts';
import type { HostPaths } from './host-paths.ts';
import { type LogindLogin, readLogindSession } from './logind-session.ts';
import { isInSshLogin } from './ssh-process.ts';
import { readUtmp } from './utmp.ts';

export interface Logins {
  /** One for each address and user, since the first of them; sorted, at most 1,000. */
  readonly sessions: readonly AdministratorSession[];
  /** What could be read, in a person's words. */
  readonly sources: readonly string[];
  /** Whether utmp told of any: nobody tells when such a login's process is killed. */
  readonly haveTerminals: boolean;
  /** Logins of which only a host name is known, and which are not protected therefore. */
  readonly nameless: number;
}

export const noLogins: Logins = { sessions: [], sources: [], haveTerminals: false, nameless: 0 };

const maxSessions = 1_000;
const maxSessionFiles = 4_096;
const utmpBytes = 4 * 1024 * 1024;
const sessionBytes = 16 * 1024;

/** Throws where the machine has a source and we have trouble with reading it. */
export function readLogins(paths: HostPaths): Logins {
  const terminals = readTerminals(paths);
  const logind = readLogind(paths);
  const isNameless = ({ user, address }: LogindLogin) =>
    address === undefined && !terminals?.some((login) => login.user === user);
  return {
    sessions: uniteSessions([...(logind?.flatMap(sessionsOf) ?? []), ...(terminals ?? [])]),
    sources: [...(terminals ? ['utmp'] : []), ...(logind ? ['systemd-logind'] : [])],
    haveTerminals: terminals !== undefined && terminals.length > 0,
    nameless: logind?.filter(isNameless).length ?? 0,
  };
}

function readTerminals({ utmp, processes }: HostPaths): readonly AdministratorSession[] | undefined {
  const bytes = readFileHead(utmp, utmpBytes);
  if (!bytes) return undefined;
  return readUtmp(bytes)
    .filter(({ pid }) => isInSshLogin(pid, processes))
    .map(({ session }) => session);
}

function readLogind({ sessions }: HostPaths): readonly LogindLogin[] | undefined {
  const names = whereThere(() => readdirSync(sessions));
  // Beside them lie FIFOs (`1.ref`) and files that are being written (`.#1x2y3z`).
  const files = names?.filter((name) => /^[a-zA-Z0-9]+$/.test(name)).slice(0, maxSessionFiles);
  return files?.flatMap((name) => {
    const text = readFileHead(join(sessions, name), sessionBytes)?.toString('latin1') ?? '';
    return readLogindSession(text) ?? [];
  });
}

function sessionsOf({ user, address, since }: LogindLogin): readonly AdministratorSession[] {
  return address === undefined ? [] : [{ address, user, via: 'ssh', since }];
}

function uniteSessions(sessions: readonly AdministratorSession[]): readonly AdministratorSession[] {
  const united = new Map<string, AdministratorSession>();
  for (const session of sessions.toSorted((one, other) => one.since - other.since)) {
    const key = `${session.address} ${session.user}`;
    if (!united.has(key) && united.size < maxSessions) united.set(key, session);
  }
  return [...united].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, session]) => session);
}
