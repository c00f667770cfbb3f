// A registered phone on a host of the lab, and how well it fares.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import { extensions } from './asterisk-config.ts';
import type { Network } from './namespaces.ts';
import type { PhoneOptions, PhoneTry } from './programs/phone.ts';

export interface PhoneSettings {
  readonly host?: Host;
  readonly family?: 'ipv4' | 'ipv6';
  readonly protocol?: 'UDP' | 'TCP';
  readonly localPort?: number;
  readonly account?: keyof typeof extensions;
  /** The account's own where it is left out. */
  readonly password?: string;
  readonly everyMs?: number;
  readonly callEvery?: number;
  readonly talkMs?: number;
}

export interface Phone {
  report(): PhoneReport;
  stop(): Promise<void>;
}

export interface PhoneReport {
  readonly registrations: Tally;
  readonly calls: Tally;
  /** Longest time from one success to the next, or to now, in milliseconds; since its first success. */
  readonly longestGapMs: number;
}

interface Tally {
  readonly succeeded: number;
  readonly failed: number;
}

export function startPhone(network: Network, settings: PhoneSettings = {}): Phone {
  const { host = 'phone', family = 'ipv4', account = '100', protocol = 'UDP' } = settings;
  const options: PhoneOptions = {
    protocol,
    server: addresses.pbx[family],
    local: addresses[host][family],
    // A connection's port stays in TIME_WAIT when the phone ends; a datagram's is free at once.
    ...(protocol === 'UDP' ? { localPort: settings.localPort ?? 5_060 } : {}),
    account,
    password: settings.password ?? extensions[account],
    everyMs: settings.everyMs ?? 250,
    callEvery: settings.callEvery ?? 4,
    ...(settings.talkMs === undefined ? {} : { talkMs: settings.talkMs }),
  };
  const program = join(import.meta.dirname, 'programs/phone.ts');
  const child = network.start(host, process.execPath, [program, JSON.stringify(options)]);
  return {
    report() {
      if (!child.isRunning() && child.stderr()) throw new Error(`the phone failed: ${child.stderr()}`);
      const lines = child.stdout().split('\n').slice(0, -1);
      return summarize(
        lines.map((line) => JSON.parse(line) as PhoneTry),
        Date.now(),
      );
    },
    stop: () => child.stop(),
  };
}

function summarize(tries: readonly PhoneTry[], now: number): PhoneReport {
  const times = tries.filter((each) => each.status === 200).map((each) => each.time);
  const gaps = times.map((time, index) => (times[index + 1] ?? now) - time);
  return {
    registrations: tally(tries.filter((each) => each.kind === 'register')),
    calls: tally(tries.filter((each) => each.kind === 'call')),
    longestGapMs: Math.max(0, ...gaps),
  };
}

function tally(tries: readonly PhoneTry[]): Tally {
  const succeeded = tries.filter((each) => each.status === 200).length;
  return { succeeded, failed: tries.length - succeeded };
}
