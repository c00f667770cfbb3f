// What a forger must not be able to do: have himself proven, have others accused with proof, or hide.
import { describe, expect, test } from '@jest/globals';
import { answer, attacker, challengeOf, digest, observe, phone, request } from './sip-conversation.ts';

const asserted = { level: 'asserted' };
/** A nonce of Asterisk's own form that was made after the tests' time began. */
const nonce = '1795397155/54e60c85c82bca6c37588508e3a6b11e';

test('a forged 401 that comes in leaves no nonce behind', () => {
  const observer = observe();
  observer.all(
    answer({ direction: 'in', to: phone, challenge: [challengeOf('planted')] }),
    answer({ direction: 'in', to: attacker, challenge: [challengeOf('planted')] }),
    request({ from: phone, authorization: [digest('planted')] }),
    answer({ to: phone }),
  );
  expect(observer.said).toMatchObject([{ proof: asserted, nonceNeverIssued: true }]);
});

test('a nonce echoed from another address than it left to proves nothing for either', () => {
  const observer = observe();
  observer.all(
    answer({ to: attacker, challenge: [challengeOf(nonce)] }),
    request({ from: phone, authorization: [digest(nonce)] }),
    answer({ to: phone }),
  );
  expect(observer.said).toMatchObject([{ source: phone, proof: asserted, nonceNeverIssued: true }]);
});

test('an answer that a Via maddr diverts is told as such, and proves, fails and probes nothing for the request’s source', () => {
  const observer = observe();
  const via = `SIP/2.0/UDP ${phone.address};maddr=${attacker.address};branch=z9hG4bK1`;
  observer.all(
    request({ from: phone, via }),
    answer({ to: attacker, challenge: [challengeOf(nonce)] }),
    request({ from: phone, via, cseq: 2, authorization: [digest(nonce)] }),
    answer({ to: attacker, cseq: 2, status: 200 }),
  );
  observer.advance(100_000);
  const diverted = { kind: 'answer-diverted', source: phone, divertedTo: attacker, proof: asserted };
  expect(observer.said).toMatchObject([diverted, diverted]);
});

test('nor is the address that a diverted answer goes to accused of anything', () => {
  const observer = observe();
  const via = `SIP/2.0/UDP ${attacker.address};maddr=${phone.address};branch=z9hG4bK1`;
  observer.all(request({ from: attacker, via }), answer({ to: phone, challenge: [challengeOf(nonce)] }));
  observer.all(
    request({ from: attacker, via, cseq: 2, authorization: [digest(nonce)] }),
    answer({ to: phone, cseq: 2 }),
  );
  observer.advance(100_000);
  expect(observer.said.filter(({ source }) => source.address === phone.address)).toEqual([]);
  expect(observer.said.filter(({ proof }) => proof.level === 'proven')).toEqual([]);
});

test('no address is taken from Via, From, Contact or the digest', () => {
  const observer = observe();
  observer.all(
    request({
      via: 'SIP/2.0/UDP 198.51.100.10:5060;received=198.51.100.10;rport=5060',
      user: 'x@198.51.100.10',
      userAgent: 'sipvicious 198.51.100.10',
      authorization: [digest('n', 'r', '198.51.100.10')],
    }),
    answer(),
  );
  expect(observer.said.map(({ source }) => source)).toEqual([attacker, attacker]);
});

test('proof does not carry over to the next request of the address', () => {
  const observer = observe();
  observer.all(
    answer({ to: phone, challenge: [challengeOf(nonce)] }),
    request({ from: phone, callId: 'own', authorization: [digest(nonce)] }),
    answer({ to: phone, callId: 'own', status: 200 }),
    request({ from: phone, callId: 'forged', authorization: [digest('invented')] }),
    answer({ to: phone, callId: 'forged' }),
    request({ from: phone, callId: 'forged too', userAgent: 'sipvicious' }),
  );
  expect(observer.said.map(({ kind, proof }) => [kind, proof.level])).toEqual([
    ['authentication-succeeded', 'proven'],
    ['authentication-failed', 'asserted'],
    ['signature-match', 'asserted'],
  ]);
});

test('a nonce proves nothing when it is older than a nonce may be', () => {
  const observer = observe();
  observer.all(answer({ challenge: [challengeOf(nonce)] }));
  observer.all(
    request({ time: 32_000, cseq: 2, authorization: [digest(nonce)] }),
    answer({ time: 32_000, cseq: 2 }),
  );
  observer.all(
    request({ time: 32_001, cseq: 3, authorization: [digest(nonce)] }),
    answer({ time: 32_001, cseq: 3 }),
  );
  expect(observer.said.map(({ proof }) => proof.level)).toEqual(['proven', 'asserted']);
});

describe('a forged request that bears a phone’s address', () => {
  const forged = (of: object = {}) => request({ from: phone, callId: 'forged', ...of });

  test('does not take the answer to the phone’s own request', () => {
    const observer = observe();
    observer.all(
      answer({ to: phone, challenge: [challengeOf(nonce)] }),
      request({ from: phone, callId: 'own', authorization: [digest(nonce)] }),
      forged({ authorization: [digest('invented')] }),
      answer({ to: phone, callId: 'own', status: 200 }),
    );
    expect(observer.said).toMatchObject([
      { kind: 'authentication-succeeded', callId: 'own', proof: { by: 'nonce-echo' } },
    ]);
  });

  test('does not make the phone’s answered challenge a probe', () => {
    const observer = observe();
    observer.all(
      request({ from: phone, callId: 'own' }),
      answer({ to: phone, callId: 'own', challenge: [challengeOf(nonce)] }),
    );
    observer.all(forged({ method: 'OPTIONS', user: '999' }));
    observer.all(request({ from: phone, callId: 'own', cseq: 2, authorization: [digest(nonce)] }));
    observer.advance(100_000);
    expect(observer.said).toEqual([]);
  });

  test('cannot settle the challenge of an attacker at another address', () => {
    const observer = observe();
    observer.all(
      request({ user: '200' }),
      answer({ user: '200' }),
      forged({ user: '200', authorization: [digest('n', 'r', '200')] }),
    );
    observer.advance(100_000);
    expect(observer.said).toMatchObject([{ kind: 'account-probed', source: attacker }]);
  });

  test('cannot make a 401 count twice, or a second observation out of one answer', () => {
    const observer = observe();
    observer.all(
      request({ authorization: [digest('n')] }),
      forged({ authorization: [digest('n')] }),
      answer(),
      answer(),
    );
    expect(observer.said).toMatchObject([{ source: attacker }]);
    expect(observer.said).toHaveLength(1);
  });

  test('is an asserted probe and no more, however many there are', () => {
    const observer = observe();
    for (let user = 0; user < 50; user += 1) {
      const of = { user: `${user}`, callId: `${user}` };
      observer.all(forged(of), answer({ to: phone, ...of }));
    }
    observer.advance(100_000);
    expect(observer.said).toHaveLength(50);
    expect(observer.said.every(({ proof }) => proof.level === 'asserted')).toBe(true);
  });
});

describe('where directions are not known', () => {
  const mirrored = { direction: 'unknown' } as const;

  test('failures and successes are seen, and never proven', () => {
    const observer = observe();
    observer.all(
      answer({ ...mirrored, challenge: [challengeOf(nonce)] }),
      request({ ...mirrored, cseq: 2, authorization: [digest(nonce)], isConnectionProven: true }),
      answer({ ...mirrored, cseq: 2 }),
      request({ ...mirrored, cseq: 3, authorization: [digest(nonce)] }),
      answer({ ...mirrored, cseq: 3, status: 200 }),
      request({ ...mirrored, cseq: 4, userAgent: 'sipvicious', isConnectionProven: true }),
    );
    expect(observer.said.map(({ kind, proof }) => [kind, proof.level])).toEqual([
      ['authentication-failed', 'asserted'],
      ['authentication-succeeded', 'asserted'],
      ['signature-match', 'asserted'],
    ]);
    expect(observer.said[0]).not.toHaveProperty('nonceNeverIssued');
  });

  test('nothing is remembered as issued, also not for a request whose direction is known', () => {
    const observer = observe();
    observer.all(
      answer({ ...mirrored, challenge: [challengeOf(nonce)] }),
      request({ authorization: [digest(nonce)] }),
      answer(),
    );
    expect(observer.said).toMatchObject([{ proof: asserted }]);
  });
});

test('two hundred thousand forged requests and forged answers do not push a real nonce out', () => {
  const observer = observe();
  observer.all(answer({ challenge: [challengeOf(nonce)] }));
  for (let index = 0; index < 200_000; index += 1) {
    const from = { address: `198.18.${(index >> 8) & 255}.${index & 255}`, port: 5060 };
    observer.message(request({ from, callId: `${index}`, authorization: [digest(`n${index}`)] }));
    observer.message(answer({ direction: 'in', to: attacker, challenge: [challengeOf(`m${index}`)] }));
  }
  observer.all(request({ callId: 'real', authorization: [digest(nonce)] }), answer({ callId: 'real' }));
  expect(observer.said.at(-1)).toMatchObject({ callId: 'real', proof: { by: 'nonce-echo' } });
}, 60_000);

describe('a flood of asserted observations', () => {
  const forged = (index: number, time: number) =>
    request({
      time,
      from: { address: `198.18.${index >> 8}.${index & 255}`, port: 1 },
      userAgent: 'sipvicious',
    });

  test('is shed beyond 4,000 at once, and counted', () => {
    const observer = observe();
    for (let index = 0; index < 5_000; index += 1) observer.message(forged(index, 0));
    expect(observer.said).toHaveLength(4_000);
    expect(observer.counts.get('shed: asserted observations')).toBe(1_000);
  });

  test('passes at 2,000 a second after that', () => {
    const observer = observe();
    for (let index = 0; index < 4_000; index += 1) observer.message(forged(index, 0));
    for (let index = 4_000; index < 14_000; index += 1) observer.message(forged(index, (index - 3_999) / 10));
    expect(observer.said.length).toBeGreaterThan(5_990);
    expect(observer.said.length).toBeLessThanOrEqual(6_000);
  });

  test('never sheds what is proven', () => {
    const observer = observe();
    for (let index = 0; index < 5_000; index += 1)
      observer.message({ ...forged(index, 0), isConnectionProven: true });
    expect(observer.said).toHaveLength(5_000);
  });

  test('is not let through by packets that come in disorder, nor shut out for ever when the clock is set back', () => {
    const observer = observe();
    for (let index = 0; index < 10_000; index += 1) observer.message(forged(index, 5_000 - (index % 2)));
    expect(observer.said.length).toBeLessThanOrEqual(4_010);
    observer.said.length = 0;
    observer.message(forged(20_000, 0));
    observer.message(forged(20_001, 1_000));
    expect(observer.said).toHaveLength(1);
  });
});
