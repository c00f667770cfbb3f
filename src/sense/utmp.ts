// Reads utmp(5), the table of who has a terminal on this machine. Any bytes are read without a throw.
import { type Address, isReserved, parseAddress } from '../model/address.ts';
import type { AdministratorSession } from '../model/inventory.ts';
import type { Time } from '../model/time.ts';

export interface TerminalLogin {
  readonly session: AdministratorSession;
  /** The program that was started on the terminal. The record counts only while this lives. */
  readonly pid: number;
}

/** Where a record's fields are. Offsets and lengths in bytes. */
interface Layout {
  readonly record: number;
  readonly seconds: number;
  readonly secondsLength: 4 | 6;
  readonly microseconds: number;
  readonly address: number;
}

/** glibc keeps 32-bit times in utmp on x86 and 32-bit ARM, and 64-bit times on arm64. */
const compact: Layout = { record: 384, seconds: 340, secondsLength: 4, microseconds: 344, address: 348 };
const wide: Layout = { record: 400, seconds: 344, secondsLength: 6, microseconds: 352, address: 360 };

const userProcess = 7;
const maxLogins = 1_000;
const latestSeconds = 253_402_300_799;

/** Logins from afar, at most 1,000. Records that are torn, not of a user's, or without a usable address are left out. */
export function readUtmp(bytes: Buffer, architecture: string = process.arch): readonly TerminalLogin[] {
  const layout = architecture === 'arm64' ? wide : compact;
  const logins: TerminalLogin[] = [];
  for (let at = 0; at + layout.record <= bytes.length && logins.length < maxLogins; at += layout.record) {
    const login = readRecord(bytes.subarray(at, at + layout.record), layout);
    if (login) logins.push(login);
  }
  return logins;
}

function readRecord(record: Buffer, layout: Layout): TerminalLogin | undefined {
  const pid = record.readInt32LE(4);
  const line = textAt(record, 8, 32);
  const user = textAt(record, 44, 32);
  if (record.readInt16LE(0) !== userProcess || pid <= 1 || !line || !user) return undefined;
  const address = readAddress(record.subarray(layout.address, layout.address + 16));
  if (address === undefined || isReserved(address)) return undefined;
  return { session: { address, user, via: 'ssh', since: readTime(record, layout) }, pid };
}

/** An IPv4 address is in the first of four words, and the others are zero. All zero: a login on this machine itself. */
function readAddress(bytes: Buffer): Address | undefined {
  if (bytes.subarray(4).every((byte) => byte === 0)) return parseAddress(bytes.subarray(0, 4).join('.'));
  return parseAddress(bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:'));
}

/** The epoch where the record says nothing sensible. */
function readTime(record: Buffer, { seconds, secondsLength, microseconds }: Layout): Time {
  const whole = record.readUIntLE(seconds, secondsLength);
  const part = record.readUInt32LE(microseconds);
  return whole <= latestSeconds && part < 1_000_000 ? whole * 1_000 + Math.floor(part / 1_000) : 0;
}

/** Up to the first NUL; empty where it is no printable ASCII. */
function textAt(record: Buffer, at: number, length: number): string {
  const text = record.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  return /^[\x21-\x7e]+$/.test(text) ? text : '';
}
