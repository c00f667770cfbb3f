// Reads what systemd-logind keeps of one session in /run/systemd/sessions. The file calls itself private to systemd;
// libsystemd reads it in every program that asks for a session, so that its keys have stayed the same since 2011.
import { type Address, isReserved, parseAddress } from '../model/address.ts';
import type { Time } from '../model/time.ts';

/** Somebody whom sshd let in: PAM opens a session after the login and never before. */
export interface LogindLogin {
  readonly user: string;
  /** Undefined where sshd looks names up (`UseDNS yes`) and hands on the name alone, which is the client's to choose. */
  readonly address: Address | undefined;
  readonly since: Time;
}

/** `closing`: logged out, while a program that was left behind runs on. */
const loggedIn = new Set(['opening', 'online', 'active']);

/** Undefined for sessions that are over, on this machine itself, or not SSH's. Text of any kind is read. */
export function readLogindSession(text: string): LogindLogin | undefined {
  const values = new Map(
    text.split('\n').map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)] as const;
    }),
  );
  const read = (key: string): string => values.get(key) ?? '';
  if (read('REMOTE') !== '1' || read('SERVICE') !== 'sshd') return undefined;
  // A display manager's greeter is a session of which nobody has logged in yet.
  if (!loggedIn.has(read('STATE')) || !read('CLASS').startsWith('user')) return undefined;
  const user = /^[\x21-\x7e]{1,64}$/.exec(read('USER'))?.[0];
  if (user === undefined) return undefined;
  // With its zone an address is link-local, and nobody's to block.
  const address = parseAddress(read('REMOTE_HOST').replace(/%.*$/, ''));
  if (address !== undefined && isReserved(address)) return undefined;
  return { user, address, since: readTime(read('REALTIME')) };
}

/** From microseconds; the epoch where the file says nothing sensible. */
function readTime(text: string): Time {
  return /^\d{1,16}$/.test(text) ? Math.floor(Number(text) / 1_000) : 0;
}
