// Observations as the tests need them: everything has a default, a test names what it is about.
import type { LimitName } from '../src/model/enforcer.ts';
import type {
  AbuseReported,
  AccountProbed,
  AnswerDiverted,
  AuthenticationFailed,
  AuthenticationSucceeded,
  CallAttempted,
  EventTampered,
  FileAnswer,
  FileAnswered,
  FileRequested,
  LimitExceeded,
  MalformedMessage,
  ManagementLoginFailed,
  Proof,
  SignatureMatch,
} from '../src/model/observation.ts';

export const attacker = { address: '203.0.113.66', port: 5061 } as const;
export const pbx = { address: '198.51.100.1', port: 5060 } as const;

const seen = {
  time: 1_000_000,
  sensor: 'packets',
  transport: 'udp',
  source: attacker,
  local: pbx,
  proof: { level: 'asserted' },
  messages: 1,
} as const;

export function proven(time: number = seen.time): Proof {
  return { level: 'proven', by: 'nonce-echo', seenBy: 'packets', time };
}

function connection(time: number = seen.time): Proof {
  return { level: 'proven', by: 'connection', seenBy: 'packets', time };
}

export function failure(some: Partial<AuthenticationFailed> = {}): AuthenticationFailed {
  return { ...seen, kind: 'authentication-failed', account: '100', ...some };
}

export function success(some: Partial<AuthenticationSucceeded> = {}): AuthenticationSucceeded {
  return { ...seen, kind: 'authentication-succeeded', account: '100', ...some };
}

export function probe(account: string, some: Partial<AccountProbed> = {}): AccountProbed {
  return { ...seen, kind: 'account-probed', account, because: 'unknown-account', ...some };
}

export function call(number: string, some: Partial<CallAttempted> = {}): CallAttempted {
  return { ...seen, kind: 'call-attempted', account: '100', number, ...some };
}

export function excess(limit: LimitName, some: Partial<LimitExceeded> = {}): LimitExceeded {
  return { ...seen, kind: 'limit-exceeded', limit, ...some };
}

export function scan(some: Partial<SignatureMatch> = {}): SignatureMatch {
  return {
    ...seen,
    kind: 'signature-match',
    signature: 'friendly-scanner*',
    field: 'user-agent',
    confidence: 'drop',
    value: 'friendly-scanner',
    ...some,
  };
}

export function malformed(some: Partial<MalformedMessage> = {}): MalformedMessage {
  return { ...seen, kind: 'malformed-message', problem: 'not-sip', ...some };
}

export function diversion(some: Partial<AnswerDiverted> = {}): AnswerDiverted {
  return { ...seen, kind: 'answer-diverted', divertedTo: { address: '203.0.113.99', port: 5060 }, ...some };
}

export function tampering(some: Partial<EventTampered> = {}): EventTampered {
  return { ...seen, kind: 'event-tampered', account: '100', ...some };
}

export function managementFailure(some: Partial<ManagementLoginFailed> = {}): ManagementLoginFailed {
  const from = {
    sensor: 'ami',
    transport: 'tcp',
    proof: connection(),
    local: { ...pbx, port: 5038 },
  } as const;
  return { ...seen, ...from, kind: 'management-login-failed', account: 'admin', service: 'AMI', ...some };
}

export function report(address: string, some: Partial<AbuseReported> = {}): AbuseReported {
  const about = { source: { address, port: 0 }, local: { address: '127.0.0.1', port: 0 } };
  return { ...seen, ...about, kind: 'abuse-reported', sensor: 'ami', reason: 'honeypot', ...some };
}

export function fileRequest(file: string, some: Partial<FileRequested> = {}): FileRequested {
  return { ...seen, kind: 'file-requested', file, ...some };
}

export function fileAnswer(file: string, answer: FileAnswer, some: Partial<FileAnswered> = {}): FileAnswered {
  return { ...seen, kind: 'file-answered', file, answer, ...some };
}
