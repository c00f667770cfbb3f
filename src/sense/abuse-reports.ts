// What other programs of the PBX report about abusers: UserEvents named SipwardenReport, heard on a connection of their own.
// Whoever may send a UserEvent may send one, and a caller too where a UserEvent of the dialplan holds his text: so the address
// is strictly parsed, nothing else is believed, and only so many are heard.
import type { AmiLogin, AmiTiming } from '../asterisk/ami-login.ts';
import type { AmiMessage } from '../asterisk/ami-message.ts';
import { type AmiStream, createAmiStream } from '../asterisk/ami-stream.ts';
import { parseAddress } from '../model/address.ts';
import { type AbuseReported, asserted, foreignTextLimit } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

export interface ReportOptions {
  /** What one report is worth; `off`: nobody listens. */
  readonly worth: 'off' | 'asserted' | 'proven';
  readonly perMinute: number;
}

export interface AbuseReports {
  /** To be called while the security connection is live: Asterisk may refuse that one while this one is there. */
  open(): void;
  close(): void;
  /** `reportsShed`: too many at once, or not as they have to be. */
  counters(): { readonly reports: number; readonly reportsShed: number };
}

export function createAbuseReports({
  login,
  options: { worth, perMinute },
  timing,
  now,
  report,
}: {
  readonly login: AmiLogin;
  readonly options: ReportOptions;
  readonly timing: AmiTiming;
  now(): Time;
  report(reports: readonly AbuseReported[]): void;
}): AbuseReports {
  const allowance = createAllowance(perMinute, now);
  const counters = { reports: 0, reportsShed: 0 };
  let stream: AmiStream | undefined;

  const take = (events: readonly AmiMessage[]): void => {
    const found = events.filter(isReport);
    const heard = found.flatMap((event) => {
      const reported = reportOf(event, worth === 'proven', now());
      return reported && allowance() ? [reported] : [];
    });
    counters.reports += heard.length;
    counters.reportsShed += found.length - heard.length;
    if (heard.length > 0) report(heard);
  };
  const close = (): void => {
    stream?.close();
    stream = undefined;
  };
  return {
    open() {
      close();
      if (worth === 'off') return;
      stream = createAmiStream({
        login: { ...login, events: 'user' },
        now,
        timing,
        listener: { onEvents: take, onState() {}, onLag() {} },
      });
    },
    close,
    counters: () => ({ ...counters }),
  };
}

function isReport({ kind, name, headers }: AmiMessage): boolean {
  return kind === 'event' && name === 'UserEvent' && headers.UserEvent === 'SipwardenReport';
}

/** Of the application UserEvent and of the action: Asterisk 22, main/manager_channels.c and main/manager.c. */
const ofAsterisk = new Set([
  ...['Event', 'Privilege', 'Timestamp', 'SequenceNumber', 'File', 'Line', 'Func', 'SystemName'],
  ...['Channel', 'ChannelState', 'ChannelStateDesc', 'CallerIDNum', 'CallerIDName', 'ConnectedLineNum'],
  ...['ConnectedLineName', 'Language', 'AccountCode', 'Context', 'Exten', 'Priority', 'Uniqueid', 'Linkedid'],
  ...['UserEvent', 'ActionID'],
]);
const ofReports = new Set(['Address', 'Reason']);

/** Undefined where it is not built as Asterisk builds it, or names no single address. */
export function reportOf(
  { headers, tampered }: AmiMessage,
  isProven: boolean,
  time: Time,
): AbuseReported | undefined {
  const address = parseAddress(headers.Address ?? '');
  const isKnown = Object.keys(headers).every((name) => ofAsterisk.has(name) || ofReports.has(name));
  if (tampered || !isKnown || !address || !headers.Privilege?.startsWith('user,')) return undefined;
  return {
    kind: 'abuse-reported',
    time,
    sensor: 'ami',
    transport: 'udp',
    source: { address, port: 0 },
    local: { address: '127.0.0.1', port: 0 },
    proof: isProven ? { level: 'proven', by: 'vouched', seenBy: 'ami', time } : asserted,
    messages: 1,
    reason: Buffer.from((headers.Reason ?? '').slice(0, foreignTextLimit)).toString(),
  };
}

/** As many at once as in a whole minute, and then as they come back. */
function createAllowance(perMinute: number, now: () => Time): () => boolean {
  let left = perMinute;
  let filled = now();
  return () => {
    const time = now();
    left = Math.min(perMinute, left + (Math.max(0, time - filled) * perMinute) / 60_000);
    filled = time;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
