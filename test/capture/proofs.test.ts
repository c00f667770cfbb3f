// The rungs that a request climbs by echoing what only its true sender can know.
import { describe, expect, test } from '@jest/globals';
import type { WireMessage } from '../../src/capture/packet.ts';
import { answer, attacker, challengeOf, digest, observe, phone, request } from './sip-conversation.ts';

const tag = 'as5c2f9a1e7b';
const day = 86_400_000;

/** A request of the dialog that a scanner's name makes visible, so that its proof shows. */
const inDialog = (of: Parameters<typeof request>[0] = {}) =>
  request({ method: 'INVITE', userAgent: 'sipvicious', toTag: tag, ...of });
const accepted = (of: Parameters<typeof answer>[0] = {}) =>
  answer({ status: 200, method: 'INVITE', toTag: tag, ...of });

function proofAfter(...messages: readonly WireMessage[]) {
  return observe().all(...messages)[0]?.proof;
}

describe('a To-tag of ours', () => {
  test.each([180, 183, 200])(
    'that left with a %d to the address proves a request that echoes it',
    (status) => {
      expect(proofAfter(accepted({ time: 5, status }), inDialog({ time: 9 }))).toEqual({
        level: 'proven',
        by: 'dialog-tag',
        seenBy: 'packets',
        time: 9,
        until: 5 + day,
      });
    },
  );

  test('proves nothing for another address, another call, or another tag', () => {
    expect(proofAfter(accepted({ to: phone }), inDialog())).toEqual({ level: 'asserted' });
    expect(proofAfter(accepted({ callId: 'other' }), inDialog())).toEqual({ level: 'asserted' });
    expect(proofAfter(accepted(), inDialog({ toTag: 'as5c2f9a1e7c' }))).toEqual({ level: 'asserted' });
  });

  test('that is the Via branch of the request proves nothing: whoever forged the request chose it', () => {
    for (const branch of [tag, `z9hG4bK${tag}`, tag.slice(0, 9)]) {
      expect(proofAfter(accepted({ branch }), inDialog())).toEqual({ level: 'asserted' });
    }
  });

  test.each([401, 403, 404, 486])('of a %d proves nothing', (status) => {
    expect(proofAfter(accepted({ status }), inDialog())).toEqual({ level: 'asserted' });
  });

  test('proves nothing where it came in, or where nobody knows which way it went', () => {
    for (const direction of ['in', 'unknown'] as const) {
      expect(proofAfter(accepted({ direction }), inDialog())).toEqual({ level: 'asserted' });
    }
  });

  test('of an answer to REGISTER or OPTIONS proves nothing', () => {
    for (const method of ['REGISTER', 'OPTIONS']) {
      expect(proofAfter(accepted({ method }), inDialog())).toEqual({ level: 'asserted' });
    }
  });

  test('proves nothing after a day', () => {
    expect(proofAfter(accepted(), inDialog({ time: day + 1 }))).toEqual({ level: 'asserted' });
  });

  test('is not looked for in the display name or the address of the To', () => {
    const forged = inDialog({ toTag: 'none' });
    const text = forged.bytes.toString().replace('To: <sip:100@', `To: ";tag=${tag}" <sip:100;tag=${tag}@`);
    expect(proofAfter(accepted(), { ...forged, bytes: Buffer.from(text) })).toEqual({ level: 'asserted' });
  });
});

test('a nonce proves until it is as old as a nonce may be, and says so', () => {
  const echo = request({ time: 9, userAgent: 'sipvicious', authorization: [digest('n')] });
  expect(proofAfter(answer({ time: 5, challenge: [challengeOf('n')] }), echo)).toMatchObject({
    until: 32_005,
  });
});

test.each(['before', 'after'])(
  'a nonce that a Via had sent elsewhere too, %s its owner got it, proves nothing',
  (when) => {
    const own = answer({ challenge: [challengeOf('n')] });
    const diverted = answer({ to: phone, challenge: [challengeOf('n')] });
    const echo = request({ userAgent: 'sipvicious', authorization: [digest('n')] });
    const sent = when === 'before' ? [diverted, own] : [own, diverted];
    expect(proofAfter(own, echo)).toMatchObject({ by: 'nonce-echo' });
    expect(proofAfter(...sent, echo)).toEqual({ level: 'asserted' });
  },
);

test('two million forged requests between a challenge and its echo push nothing out', () => {
  const observer = observe();
  observer.message(answer({ to: phone, challenge: [challengeOf('n')] }));
  const forged = request({ authorization: [digest('invented')] });
  for (let index = 0; index < 2_000_000; index += 1) {
    const source = { address: `198.${18 + (index >> 20)}.${(index >> 8) & 255}.${index & 255}`, port: 5060 };
    observer.message({ ...forged, source, time: index >> 7 });
  }
  observer.all(
    request({ time: 20_000, from: phone, callId: 'own', authorization: [digest('n')] }),
    answer({ time: 20_000, to: phone, callId: 'own' }),
  );
  expect(observer.said.at(-1)).toMatchObject({
    source: { address: phone.address },
    proof: { level: 'proven', by: 'nonce-echo' },
  });
}, 120_000);

describe('a registration', () => {
  const register = (contacts: readonly string[]) => {
    const observer = observe();
    observer.all(
      answer({ challenge: [challengeOf('n')] }),
      request({ time: 1_000, from: attacker, authorization: [digest('n')] }),
      answer({ time: 1_000, status: 200, headers: contacts }),
    );
    return observer.said[0];
  };

  test('holds as long as the longest of the contacts in our answer', () => {
    expect(
      register([
        'Contact: <sip:100@a>;expires=60, <sip:100@b>;q=1;Expires = 3600',
        'm: <sip:100@c>;expires=5',
      ]),
    ).toMatchObject({ registeredUntil: 3_601_000 });
  });

  test('holds as our Expires says where the contacts say nothing', () => {
    expect(register(['Contact: <sip:100@a>', 'Expires: 120'])).toMatchObject({ registeredUntil: 121_000 });
  });

  test('is over when our answer names no contact any more', () => {
    expect(register([])).toMatchObject({ registeredUntil: 1_000 });
  });

  test('is believed for a week at most', () => {
    expect(register(['Contact: <sip:100@a>;expires=9999999999'])).toMatchObject({
      registeredUntil: 1_000 + 604_800_000,
    });
  });
});

test('a failed guess names the program that made it', () => {
  expect(
    observe().all(request({ authorization: [digest('n')], userAgent: 'Yealink T46S' }), answer()),
  ).toMatchObject([{ kind: 'authentication-failed', userAgent: 'Yealink T46S' }]);
});
