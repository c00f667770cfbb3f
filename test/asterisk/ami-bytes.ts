// AMI messages as bytes, as Asterisk 22 writes them, for tests that change one thing at a time.

export const banner = 'Asterisk Call Manager/11.0.0\r\n';

/** Headers in Asterisk's order; a test replaces, adds or leaves out (undefined) what it is about. */
export function failedGuess(
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  return {
    Event: 'ChallengeResponseFailed',
    Privilege: 'security,all',
    EventTV: '2026-11-23T01:00:24.669+0000',
    Severity: 'Error',
    Service: 'PJSIP',
    EventVersion: '1',
    AccountID: '100',
    SessionID: 'e9b76ac1d7b104d2',
    LocalAddress: 'IPV4/UDP/192.0.2.1/5060',
    RemoteAddress: 'IPV4/UDP/203.0.113.9/42617',
    Challenge: '1795395624/0ce76d79e6d13c4e9b675e8153e3ad14',
    Response: 'af070efa99248ac6e6efe6ebcca78951',
    ExpectedResponse: '',
    ...changes,
  };
}

export function toLines(headers: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
}

export function toBytes(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}
