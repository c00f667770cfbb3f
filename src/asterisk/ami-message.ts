// One AMI message: its headers, and whether an event can be what Asterisk itself wrote. Values hold text of remote
// parties, so an event that is not built exactly as Asterisk builds it is marked, and must never be acted upon.
import type { Time } from '../model/time.ts';

export interface AmiMessage {
  readonly kind: 'event' | 'response' | 'banner';
  /** The event's name, the response's word, or the banner's line. */
  readonly name: string;
  /** Without a prototype; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  /** Why a security event is not what Asterisk writes; absent where it is in order. Other events are not judged. */
  readonly tampered?: Tampering;
}

export type Tampering =
  | 'no-event-line'
  | 'broken-line'
  | 'repeated-header'
  | 'unknown-header'
  | 'missing-header'
  | 'header-order'
  | 'wrong-privilege'
  | 'follows-broken-event';

// Asterisk 22, main/manager.c and main/security_events.c: these come first, in this order, and then the event's own.
const preamble = ['Event', 'Privilege', 'Timestamp', 'SequenceNumber', 'File', 'Line', 'Func', 'SystemName'];
const common = [
  ...['EventTV', 'Severity', 'Service', 'EventVersion'],
  ...['AccountID', 'SessionID', 'LocalAddress', 'RemoteAddress'],
];
const required = ['Event', 'Privilege', ...common];
const rankOf = new Map([...preamble, ...common].map((header, rank) => [header, rank]));
const ownHeaders = new Set([
  ...['Module', 'SessionTV', 'ACLName', 'RequestType', 'RequestParams', 'AuthMethod', 'UsingPassword'],
  ...['ExpectedAddress', 'AttemptedTransport', 'Challenge', 'Response', 'ExpectedResponse'],
  ...['ReceivedChallenge', 'ReceivedHash', 'RecievedHash'],
]);

const securityEvents = new Set([
  ...['FailedACL', 'InvalidAccountID', 'SessionLimit', 'MemoryLimit', 'LoadAverageLimit', 'InvalidTransport'],
  ...[
    'RequestNotSupported',
    'RequestNotAllowed',
    'AuthMethodNotAllowed',
    'RequestBadFormat',
    'ChallengeSent',
  ],
  ...['SuccessfulAuth', 'UnexpectedAddress', 'ChallengeResponseFailed', 'InvalidPassword'],
]);

export function isSecurityEvent({ kind, name }: AmiMessage): boolean {
  return kind === 'event' && (name === '' || securityEvents.has(name));
}

/** Reads the lines of one message (at least one), without their line ends. */
export function readAmiMessage(lines: readonly string[]): AmiMessage {
  const { headers, names, problem } = readHeaders(lines);
  const first = names[0];
  if (first === 'Response') return { kind: 'response', name: headers.Response ?? '', headers };
  if (first !== 'Event') return { kind: 'event', name: '', headers, tampered: 'no-event-line' };
  const name = headers.Event ?? '';
  const tampered = judge(name, problem, () => findTampering(name, headers, names));
  return { kind: 'event', name, headers, ...(tampered && { tampered }) };
}

/** Asterisk repeats headers in events of other kinds (TestEvent), which nobody here acts upon. */
function judge(
  name: string,
  problem: Tampering | undefined,
  findOther: () => Tampering | undefined,
): Tampering | undefined {
  if (securityEvents.has(name)) return problem ?? findOther();
  return name === 'UserEvent' ? problem : undefined;
}

/** The time at which Asterisk says the event happened. */
export function eventTimeOf({ headers }: AmiMessage): Time | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}[+-]\d\d)(\d\d)$/.exec(headers.EventTV ?? '');
  const time = match ? Date.parse(`${match[1]}:${match[2]}`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function readHeaders(lines: readonly string[]) {
  const headers: Record<string, string> = Object.create(null);
  const names: string[] = [];
  const seen = new Set<string>();
  let problem: Tampering | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const folded = name.toLowerCase();
    if (colon < 1 || !/^[A-Za-z][^\s\x00-\x1f]{0,127}$/.test(name)) problem ??= 'broken-line';
    else if (seen.has(folded)) problem ??= 'repeated-header';
    else {
      seen.add(folded);
      names.push(name);
      headers[name] = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    }
  }
  return { headers, names, problem };
}

function findTampering(
  event: string,
  headers: AmiMessage['headers'],
  names: readonly string[],
): Tampering | undefined {
  // RequestBadFormat is the one event whose account is optional and comes last.
  const hasLateAccount = event === 'RequestBadFormat';
  const ordered = hasLateAccount ? names.filter((name) => name !== 'AccountID') : names;
  if (ordered.some((name) => !rankOf.has(name) && !ownHeaders.has(name))) return 'unknown-header';
  if (required.some((name) => !(name in headers) && !(hasLateAccount && name === 'AccountID'))) {
    return 'missing-header';
  }
  const ranks = ordered.map((name) => rankOf.get(name) ?? rankOf.size);
  if (ranks.some((rank, index) => rank < (ranks[index - 1] ?? 0))) return 'header-order';
  return headers.Privilege?.startsWith('security,') ? undefined : 'wrong-privilege';
}
