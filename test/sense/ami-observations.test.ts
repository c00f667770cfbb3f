import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAmiMessage } from '../../src/asterisk/ami-message.ts';
import { foreignTextLimit, type Observation } from '../../src/model/observation.ts';
import { observationsOf } from '../../src/sense/ami-observations.ts';
import { createAmiRecordingReader } from '../../src/sense/ami-recording.ts';
import { failedGuess, toBytes, toLines } from '../asterisk/ami-bytes.ts';

function replay(...chunks: readonly (Buffer | string)[]) {
  const observations: Observation[] = [];
  const discarded: string[] = [];
  const reader = createAmiRecordingReader({
    emit: (some) => observations.push(...some),
    discard: (reason) => discarded.push(reason),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { observations, discarded, messages: reader.messages() };
}

const recorded = (name: string) => readFileSync(`fixtures/ami/${name}`);
const observe = (changes: Record<string, string | undefined> = {}) =>
  observationsOf(readAmiMessage(toLines(failedGuess(changes))));

/** Failed guesses, probes and successes of every recording, counted by another program. */
const expected: Record<string, readonly [failed: number, probed: number, succeeded: number]> = {
  'asterisk16/01-register-wrong-password.txt': [1, 0, 0],
  'asterisk16/02-register-unknown-user.txt': [1, 2, 0],
  'asterisk16/06-success.txt': [0, 0, 1],
  'asterisk16/09c-invented-nonce-wrong.txt': [1, 0, 0],
  'asterisk16/10-acl.txt': [0, 0, 0],
  'asterisk22/01-register-wrong-password.txt': [1, 0, 0],
  'asterisk22/02-register-unknown-user.txt': [1, 2, 0],
  'asterisk22/03-invite-unauth-unknown-endpoint.txt': [0, 1, 0],
  'asterisk22/03b-invite-unknown-endpoint-with-auth.txt': [1, 2, 0],
  'asterisk22/04-invite-known-endpoint-noauth.txt': [0, 0, 0],
  'asterisk22/05-invite-wrong-password.txt': [1, 0, 0],
  'asterisk22/06-register-success.txt': [0, 0, 1],
  'asterisk22/07-options-no-user.txt': [0, 1, 0],
  'asterisk22/07b-options-known-user.txt': [0, 0, 0],
  'asterisk22/08-malformed-garbage.txt': [0, 0, 0],
  'asterisk22/08b-malformed-valid-via.txt': [0, 0, 0],
  'asterisk22/08c-malformed-udp-log.txt': [0, 0, 0],
  'asterisk22/09-replayed-stale-nonce.txt': [0, 0, 0],
  'asterisk22/09b-nonce-reuse-many.txt': [1, 0, 1],
  'asterisk22/09c-invented-nonce-wrong-password.txt': [1, 0, 0],
  'asterisk22/09d-spoofable-single-packet-authorization-no-challenge.txt': [1, 0, 0],
  'asterisk22/09e-garbage-authorization.txt': [3, 0, 0],
  'asterisk22/09f-spoofed-source-forged-authorization.txt': [1, 0, 0],
  'asterisk22/10-acl-denied.txt': [0, 0, 0],
  'asterisk22/11-tcp-register-wrong.txt': [1, 0, 0],
  'asterisk22/12-tls-register-wrong.txt': [1, 0, 0],
  'asterisk22/13-ipv6-udp-register-wrong.txt': [1, 0, 0],
  'asterisk22/13b-ipv6-tcp-register-wrong.txt': [1, 0, 0],
  'asterisk22/14-invite-success-call.txt': [0, 0, 1],
  'asterisk22/15-subscribe-publish-message-noauth.txt': [0, 8, 0],
  'asterisk22/16-tls-tcp-transport-abuse.txt': [0, 0, 0],
  'asterisk22/20-svmap.txt': [0, 0, 0],
  'asterisk22/21-svwar-register.txt': [0, 1, 0],
  'asterisk22/21b-svwar-invite.txt': [0, 1, 0],
  'asterisk22/22-svcrack.txt': [4, 0, 1],
  'asterisk22/22b-svcrack-range.txt': [42, 0, 0],
  'asterisk22/23-nmap-sip-methods.txt': [0, 1, 0],
  'asterisk22/24-nmap-enum-users.txt': [0, 1, 0],
  'asterisk22/25-nmap-brute.txt': [29, 16, 0],
  'asterisk22/26-sipsak-options.txt': [1, 2, 0],
  'asterisk22/27-sipsak-flood.txt': [0, 20, 0],
  'asterisk22/28-sipsak-random.txt': [0, 0, 0],
  'asterisk22/29-sipp-invite-flood.txt': [0, 40, 0],
  'asterisk22/30-endpoint-acl-denied-correct-pw.txt': [1, 0, 0],
  'asterisk22/31-endpoint-contact-acl.txt': [0, 0, 0],
  'asterisk22/32-register-too-many-contacts.txt': [0, 0, 2],
  'asterisk22/33-register-endpoint-without-aor.txt': [0, 0, 1],
  'asterisk22/34-register-to-other-aor.txt': [0, 0, 1],
  'asterisk22/35-trunk-ip-identified-no-auth.txt': [0, 0, 0],
  'asterisk22/36-authed-invite-unknown-exten.txt': [0, 0, 1],
  'asterisk22/40-auth_username-order-unknown-user-8-requests.txt': [0, 4, 0],
  'asterisk22/41-auth_username-order-slow-1-per-1.5s.txt': [0, 0, 0],
  'asterisk22/42-auth_username-svwar-like-guess-existing.txt': [2, 0, 0],
  'asterisk22/50-ami-wrong-secret.txt': [0, 0, 0],
  'asterisk22/71-reload-event.txt': [0, 0, 0],
  'asterisk22/72-register-unregister-call-all-classes.txt': [0, 0, 3],
};

describe('a recording of a real Asterisk', () => {
  test.each(Object.entries(expected))('%s gives what was counted in it', (name, counts) => {
    const { observations, discarded } = replay(recorded(name));
    const count = (kind: Observation['kind']) => observations.filter((each) => each.kind === kind).length;
    expect(discarded).toEqual([]);
    expect([
      count('authentication-failed'),
      count('account-probed'),
      count('authentication-succeeded'),
    ]).toEqual(counts);
    expect(
      observations.some(({ transport, proof }) => (transport === 'udp') === (proof.level === 'proven')),
    ).toBe(false);
  });

  test('is among those that are counted', () => {
    const names = readdirSync('fixtures/ami', { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('.txt')).sort()).toEqual(Object.keys(expected).sort());
  });

  test('of a wrong password gives one failed guess with the nonce it echoed', () => {
    expect(replay(recorded('asterisk22/01-register-wrong-password.txt')).observations).toEqual([
      {
        kind: 'authentication-failed',
        time: Date.UTC(2026, 10, 23, 1, 0, 24, 669),
        sensor: 'ami',
        transport: 'udp',
        source: { address: '10.77.0.66', port: 42617 },
        local: { address: '10.77.0.1', port: 5060 },
        proof: { level: 'asserted' },
        messages: 1,
        account: '100',
        nonce: '1795395624/0ce76d79e6d13c4e9b675e8153e3ad14',
        callId: 'e9b76ac1d7b104d2',
      },
    ]);
  });

  test('of an unknown user gives its probes and the failed guess, in order', () => {
    const { observations } = replay(recorded('asterisk22/02-register-unknown-user.txt'));
    expect(observations.map((each) => [each.kind, 'account' in each && each.account])).toEqual([
      ['account-probed', '9999'],
      ['account-probed', '9999'],
      ['authentication-failed', '<unknown>'],
    ]);
    expect(observations[0]).toMatchObject({ because: 'unknown-account' });
  });

  test('of wrong logins at the manager interface gives one for each, and nothing for what is no login', () => {
    const { observations } = replay(recorded('asterisk22/50-ami-wrong-secret.txt'));
    const failed = { kind: 'management-login-failed', service: 'AMI', proof: { by: 'connection' } };
    expect(observations).toMatchObject([
      { ...failed, account: 'admin' },
      { ...failed, account: 'nosuch' },
    ]);
  });

  test('of a good registration gives one success, which over UDP proves nothing', () => {
    expect(replay(recorded('asterisk22/06-register-success.txt')).observations).toEqual([
      {
        kind: 'authentication-succeeded',
        time: Date.UTC(2026, 10, 23, 1, 0, 45, 260),
        sensor: 'ami',
        transport: 'udp',
        source: { address: '10.77.0.10', port: 44614 },
        local: { address: '10.77.0.1', port: 5060 },
        proof: { level: 'asserted' },
        messages: 1,
        account: '100',
        callId: '76800cb77023c790',
      },
    ]);
  });

  test('over IPv6 and a connection is proven by the connection', () => {
    expect(replay(recorded('asterisk22/13b-ipv6-tcp-register-wrong.txt')).observations).toMatchObject([
      {
        transport: 'tcp',
        source: { address: 'fd77::66', port: 32989 },
        local: { address: 'fd77::1', port: 5060 },
        proof: {
          level: 'proven',
          by: 'connection',
          seenBy: 'ami',
          time: Date.UTC(2026, 10, 23, 1, 1, 24, 421),
        },
      },
    ]);
  });

  test('of a forged source is asserted, whoever it names', () => {
    expect(
      replay(recorded('asterisk22/09f-spoofed-source-forged-authorization.txt')).observations.map(
        ({ proof }) => proof,
      ),
    ).toEqual([{ level: 'asserted' }]);
  });

  test('gives the same one byte at a time', () => {
    const bytes = recorded('asterisk22/25-nmap-brute.txt');
    expect(replay(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(replay(bytes));
  });
});

describe('an event', () => {
  test.each([
    ['UDP', 'asserted'],
    ['TCP', 'proven'],
    ['TLS', 'proven'],
    ['WS', 'proven'],
    ['WSS', 'proven'],
  ])('over %s is %s', (transport, level) => {
    const [observation] = observe({ RemoteAddress: `IPV4/${transport}/203.0.113.9/4000` });
    expect(observation).toMatchObject({ transport: transport.toLowerCase(), proof: { level } });
  });

  test('with an IPv4 address mapped into IPv6 is about the IPv4 address', () => {
    expect(observe({ RemoteAddress: 'IPV6/TCP/::ffff:203.0.113.9/4000' })).toMatchObject([
      { source: { address: '203.0.113.9', port: 4000 } },
    ]);
  });

  test.each([
    'IPV4/UDP/203.0.113.9',
    'IPV4/UDP/203.0.113.9/4000/1',
    'IPV4/SCTP/203.0.113.9/4000',
    'IPV4/UDP/203.0.113/4000',
    'IPV4/UDP/203.0.113.9/65536',
    'IPV4/UDP/203.0.113.9/',
    'IPV4/UDP/pbx.example/4000',
    'IPV9/UDP/203.0.113.9/4000',
    '',
  ])('with the address %p says nothing', (RemoteAddress) => {
    expect(observe({ RemoteAddress })).toEqual([]);
  });

  test('of a login without a password is no success', () => {
    const success = {
      Event: 'SuccessfulAuth',
      Challenge: undefined,
      Response: undefined,
      ExpectedResponse: undefined,
    };
    expect(observe({ ...success, UsingPassword: '1' })).toHaveLength(1);
    expect(observe({ ...success, UsingPassword: '0' })).toEqual([]);
  });

  test('of another service of Asterisk says nothing about SIP', () => {
    expect(observe({ Service: 'IAX2' })).toEqual([]);
    expect(observe({ Event: 'InvalidPassword', Service: 'IAX2' })).toEqual([]);
  });

  test('of chan_sip with a wrong password is a failed guess without a Call-ID', () => {
    const [observation] = observe({
      Event: 'InvalidPassword',
      Service: 'SIP',
      SessionID: '0x7f3418002180',
      Response: undefined,
      ExpectedResponse: undefined,
      ReceivedChallenge: '48d2f1a0',
    });
    expect(observation).toMatchObject({ kind: 'authentication-failed', account: '100', nonce: '48d2f1a0' });
    expect(observation).not.toHaveProperty('callId');
  });

  test('of an ACL is nobody else than a phone with one contact too many, and says nothing', () => {
    const acl = {
      Event: 'FailedACL',
      Challenge: undefined,
      Response: undefined,
      ExpectedResponse: undefined,
    };
    expect(observe({ ...acl, ACLName: 'registrar_attempt_exceeds_maximum_configured_contacts' })).toEqual([]);
  });

  test('has its text cut', () => {
    const long = 'x'.repeat(5_000);
    const [observation] = observe({ AccountID: long, SessionID: long, Challenge: long });
    const cut = 'x'.repeat(foreignTextLimit);
    expect(observation).toMatchObject({ account: cut, callId: cut, nonce: cut });
  });
});

test('an event that was tampered with is discarded by name, and nothing is observed', () => {
  const lines = toLines(failedGuess({ Event: 'InvalidAccountID' }));
  const tampered = toBytes(lines.toSpliced(7, 0, 'RemoteAddress: IPV4/TCP/198.51.100.7/5060'));
  expect(replay(tampered)).toEqual({ observations: [], discarded: ['ami-event-tampered'], messages: 1 });
});

test('whatever stands in an account, the source is the one that Asterisk named, or nobody', () => {
  const text = fc.array(
    fc.oneof(
      fc.constantFrom('\r\n', '\r', '\n', ': ', 'RemoteAddress: IPV4/TCP/198.51.100.7/5060', 'Event: '),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(text, (parts) => {
      // 36 characters: what Asterisk keeps of an account that it does not know.
      const AccountID = parts.join('').slice(0, 36);
      const { observations } = replay(
        toBytes(toLines(failedGuess({ Event: 'InvalidAccountID', AccountID }))),
      );
      expect(observations.every(({ source }) => source.address === '203.0.113.9')).toBe(true);
    }),
  );
});
