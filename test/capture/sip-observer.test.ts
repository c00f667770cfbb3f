import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { observation as observationSchema } from '../../src/capture/protocol.ts';
import { agents } from '../signatures.ts';
import { answer, attacker, challengeOf, digest, observe, pbx, phone, request } from './sip-conversation.ts';

const nonceEcho = (time: number) => ({ level: 'proven', by: 'nonce-echo', seenBy: 'packets', time });
const asserted = { level: 'asserted' };
const nonce = '1795397155/54e60c85c82bca6c37588508e3a6b11e';

describe('a call', () => {
  const invite = (number: string, some: Parameters<typeof request>[0] = {}) =>
    request({ method: 'INVITE', uri: `sip:${number}@198.51.100.1`, ...some });

  test('is told with the number as it was dialled, and whom the caller says he is', () => {
    expect(observe().all(invite('900%2B441234567890'))).toMatchObject([
      { kind: 'call-attempted', account: '100', number: '900+441234567890', proof: asserted, callId: 'call' },
    ]);
  });

  test('that goes on is no new one', () => {
    expect(observe().all(invite('600', { toTag: 'as5f' }))).toEqual([]);
  });

  test('to nobody is one too', () => {
    expect(observe().all(request({ method: 'INVITE', uri: 'sip:198.51.100.1' }))).toMatchObject([
      { number: '' },
    ]);
  });
});

describe('a scanner', () => {
  const scan = (time: number) => request({ time, method: 'OPTIONS', userAgent: 'Friendly-Scanner 1' });

  test('is told at its first request, with victim and Call-ID', () => {
    expect(observe().all(scan(5))).toEqual([
      {
        kind: 'signature-match',
        time: 5,
        sensor: 'packets',
        transport: 'udp',
        source: attacker,
        local: pbx,
        proof: asserted,
        callId: 'call',
        messages: 1,
        signature: 'friendly-scanner*',
        field: 'user-agent',
        confidence: 'drop',
        value: 'Friendly-Scanner 1',
      },
    ]);
  });

  test('is proven where this very request echoes a nonce that left to its address', () => {
    const observer = observe();
    observer.all(answer({ challenge: [challengeOf(nonce)] }));
    observer.all(request({ time: 9, userAgent: 'sipvicious', authorization: [digest(nonce)] }));
    expect(observer.said).toMatchObject([{ kind: 'signature-match', proof: nonceEcho(9) }]);
  });

  test('is proven where its connection is', () => {
    const observer = observe();
    observer.all(request({ userAgent: 'sipvicious', transport: 'tcp', isConnectionProven: true }));
    expect(observer.said).toMatchObject([{ transport: 'tcp', proof: { level: 'proven', by: 'connection' } }]);
  });

  test('that goes on is told once in 100 ms, and no message is lost', () => {
    const observer = observe();
    for (let time = 0; time < 1_000; time += 1) observer.message(scan(time));
    observer.end();
    expect(observer.said.length).toBeLessThanOrEqual(11);
    expect(observer.said.reduce((sum, { messages }) => sum + messages, 0)).toBe(1_000);
    const times = observer.said.map(({ time }) => time);
    for (const [index, time] of times.slice(1, -1).entries())
      expect(time - times[index]!).toBeGreaterThanOrEqual(99);
  });

  test('that stops is told in full when its 100 ms are over', () => {
    const observer = observe();
    observer.all(scan(0), scan(10), scan(20));
    expect(observer.nextDeadline()).toBe(110);
    observer.advance(109);
    expect(observer.said).toHaveLength(1);
    observer.advance(110);
    expect(observer.said[1]).toMatchObject({ time: 20, messages: 2 });
    expect(observer.nextDeadline()).toBeUndefined();
  });

  test('is told apart by address and by proof, so that forged requests do not hide in proven ones', () => {
    const observer = observe();
    observer.all(scan(0), request({ time: 1, userAgent: 'friendly-scanner', from: phone }));
    observer.all({ ...scan(2), isConnectionProven: true });
    expect(observer.said.map(({ source, proof }) => [source.address, proof.level])).toEqual([
      [attacker.address, 'asserted'],
      [phone.address, 'asserted'],
      [attacker.address, 'proven'],
    ]);
  });

  test('of which there are more than the table holds is told at once instead of held back, and nothing is lost', () => {
    const observer = observe();
    for (let index = 0; index < 5_000; index += 1) {
      const from = { address: `198.18.${index >> 8}.${index & 255}`, port: 5060 };
      for (const time of [0, 0]) observer.message({ ...scan(time), source: from, isConnectionProven: true });
    }
    expect(observer.said).toHaveLength(5_000 + 5_000 - 4_096);
    observer.end();
    expect(observer.said.reduce((sum, { messages }) => sum + messages, 0)).toBe(10_000);
  });

  test('is no scanner in an answer, nor in a request of ours', () => {
    const observer = observe();
    observer.all({ ...scan(0), direction: 'out' }, { ...answer({ status: 200 }), direction: 'in' });
    expect(observer.said).toEqual([]);
  });

  test('is looked for by new signatures from the moment they are configured', () => {
    const observer = observe({ signatures: agents() });
    observer.message(scan(0));
    observer.configure({
      udpPorts: [],
      tcpPorts: [],
      tftpPorts: [],
      signatures: agents('friendly*'),
      answerWithinMs: 1,
      nonceLifetimeMs: 1_000,
    });
    observer.message(scan(1));
    expect(observer.said).toMatchObject([{ time: 1, signature: 'friendly*' }]);
  });

  test('goes on being found by the old signatures where the new ones are refused', () => {
    const observer = observe();
    const broken = {
      udpPorts: [],
      tcpPorts: [],
      tftpPorts: [],
      signatures: agents('*'),
      answerWithinMs: 1,
      nonceLifetimeMs: 1_000,
    };
    expect(() => observer.configure(broken)).toThrow(expect.objectContaining({ code: 'SIGNATURE_INVALID' }));
    expect(observer.all(scan(0))).toHaveLength(1);
  });
});

describe('a guess', () => {
  test('is failed when our 401 to it leaves, proven by the nonce that it echoes', () => {
    const observer = observe();
    observer.all(
      request({ callId: 'a' }),
      answer({ callId: 'a', challenge: [challengeOf(nonce)] }),
      request({ time: 5, callId: 'a', cseq: 2, authorization: [digest(nonce)] }),
      answer({ time: 6, callId: 'a', cseq: 2, challenge: [challengeOf(nonce)] }),
    );
    expect(observer.said).toEqual([
      {
        kind: 'authentication-failed',
        time: 5,
        sensor: 'packets',
        transport: 'udp',
        source: attacker,
        local: pbx,
        proof: { ...nonceEcho(5), until: 32_000 },
        callId: 'a',
        messages: 1,
        account: '100',
        nonce,
      },
    ]);
  });

  test.each([401, 403, 407])('is failed with %d', (status) => {
    expect(observe().all(request({ authorization: [digest('n')] }), answer({ status }))).toMatchObject([
      { kind: 'authentication-failed' },
    ]);
  });

  test('proves nothing with 403, which a phone with the right password is answered too', () => {
    const observer = observe();
    observer.all(
      answer({ challenge: [challengeOf(nonce)] }),
      request({ time: 5, from: attacker, authorization: [digest(nonce)] }),
      answer({ status: 403 }),
    );
    expect(observer.said).toMatchObject([{ kind: 'authentication-failed', proof: { level: 'asserted' } }]);
  });

  test('is right with a 2xx, with its method', () => {
    const observer = observe();
    observer.all(
      answer({ challenge: [challengeOf(nonce)] }),
      request({ time: 3, from: attacker, method: 'INVITE', authorization: [digest(nonce)] }),
      answer({ status: 100, method: 'INVITE' }),
      answer({ status: 180, method: 'INVITE' }),
      answer({ status: 200, method: 'INVITE' }),
    );
    expect(observer.said).toMatchObject([
      { kind: 'call-attempted', account: '100', proof: nonceEcho(3) },
      { kind: 'authentication-succeeded', account: '100', method: 'INVITE', nonce, proof: nonceEcho(3) },
    ]);
  });

  test.each([302, 404, 416, 486, 500, 603])('is nothing with %d, and is over with it', (status) => {
    const observer = observe();
    observer.all(request({ authorization: [digest('n')] }), answer({ status }), answer());
    expect(observer.said).toEqual([]);
  });

  test('counts once each, though a thousand share one Call-ID and CSeq as with svcrack', () => {
    const observer = observe();
    observer.all(request(), answer({ challenge: [challengeOf(nonce)] }));
    for (let guess = 0; guess < 1_000; guess += 1) {
      const time = 10 + guess;
      observer.message(request({ time, cseq: 2, authorization: [digest(nonce, `r${guess}`)] }));
      observer.message(answer({ time, cseq: 2, challenge: [challengeOf(nonce)] }));
    }
    expect(observer.said).toHaveLength(1_000);
    expect(
      observer.said.every(({ kind, proof }) => kind === 'authentication-failed' && proof.level === 'proven'),
    ).toBe(true);
  });

  test('counts once each, though ten are under way before the first answer', () => {
    const observer = observe();
    for (let guess = 0; guess < 10; guess += 1)
      observer.message(request({ authorization: [digest('n', `r${guess}`)] }));
    for (let guess = 0; guess < 12; guess += 1) observer.message(answer());
    expect(observer.said).toHaveLength(10);
  });

  test('is matched to the answers in the order of the guesses', () => {
    const observer = observe();
    for (const each of ['n1', 'n2', 'n3']) observer.message(request({ authorization: [digest(each)] }));
    observer.all(answer(), answer({ status: 404 }), answer({ status: 200 }));
    expect(observer.said).toMatchObject([
      { kind: 'authentication-failed', nonce: 'n1' },
      { kind: 'authentication-succeeded', nonce: 'n3' },
    ]);
  });

  test('that is sent again, before or after the answer, counts once', () => {
    const guess = request({ authorization: [digest('n')] });
    expect(observe().all(guess, guess, answer(), answer())).toHaveLength(1);
    expect(observe().all(guess, answer(), guess, answer())).toHaveLength(1);
  });

  test('is matched though it writes its CSeq in another way than our answer', () => {
    const guess = request({ authorization: [digest('n')] });
    const odd = guess.bytes.toString().replace('CSeq: 1 REGISTER', 'cSEQ : 4294967297\r\n\tregister');
    expect(observe().all({ ...guess, bytes: Buffer.from(odd) }, answer())).toHaveLength(1);
  });

  test('is matched though our answer goes to another port of its address, as without rport', () => {
    const elsewhere = { ...attacker, port: 5060 };
    expect(observe().all(request({ authorization: [digest('n')] }), answer({ to: elsewhere }))).toHaveLength(
      1,
    );
  });

  test('is proven by any of several Authorization headers, and the account is that header’s', () => {
    const observer = observe();
    const decoys = Array.from({ length: 50 }, (_, index) => digest(`decoy${index}`, 'x', 'nobody'));
    observer.all(
      answer({ challenge: ['Basic realm="x"', challengeOf('other'), challengeOf(nonce)] }),
      request({ time: 1, authorization: [...decoys, digest(nonce)] }),
      answer({ time: 1 }),
    );
    expect(observer.said).toMatchObject([{ account: '100', nonce, proof: nonceEcho(1) }]);
  });

  test('with a changed second Authorization is another guess', () => {
    const observer = observe();
    for (const response of ['a', 'b', 'c']) {
      observer.all(request({ authorization: [digest('decoy'), digest('n', response)] }), answer());
    }
    expect(observer.said).toHaveLength(3);
  });

  test('over a proven connection is proven by it', () => {
    const observer = observe();
    observer.all(
      request({ time: 4, transport: 'tcp', isConnectionProven: true, authorization: [digest('n')] }),
      answer({ time: 5 }),
    );
    expect(observer.said).toMatchObject([
      { proof: { level: 'proven', by: 'connection', time: 4 }, nonceNeverIssued: true },
    ]);
  });

  test('with an invented nonce is only asserted, and says so', () => {
    const observer = observe();
    observer.all(request({ authorization: [digest('invented')] }), answer());
    expect(observer.said).toMatchObject([{ proof: asserted, nonce: 'invented', nonceNeverIssued: true }]);
  });

  test('that is right, with a nonce of ours that is too old to be taken, is no failure', () => {
    const observer = observe();
    observer.all(
      answer({ challenge: [challengeOf(nonce)] }),
      request({ time: 60_000, authorization: [digest(nonce)] }),
      answer({ time: 60_001, challenge: [challengeOf('new', 'true')] }),
    );
    expect(observer.said).toEqual([]);
  });

  test('that is wrong, with a nonce of ours that is too old, is asserted and not called invented', () => {
    const observer = observe();
    observer.all(
      answer({ challenge: [challengeOf(nonce)] }),
      request({ time: 32_001, authorization: [digest(nonce)] }),
      answer({ time: 32_001, challenge: [challengeOf('new')] }),
    );
    expect(observer.said).toMatchObject([{ kind: 'authentication-failed', proof: asserted }]);
    expect(observer.said[0]).not.toHaveProperty('nonceNeverIssued');
  });

  test('that is right, with an invented nonce, is evidence: stale=true told the guesser', () => {
    const observer = observe();
    observer.all(
      request({ authorization: [digest('invented')] }),
      answer({ challenge: [challengeOf('new', 'TRUE')] }),
    );
    expect(observer.said).toMatchObject([{ kind: 'authentication-failed', nonceNeverIssued: true }]);
  });

  test('is not made of a phone that holds a nonce from before we listened', () => {
    const start = 1_795_397_200_000;
    const observer = observe();
    observer.all(
      request({ time: start, from: phone, authorization: [digest(nonce)] }),
      answer({ time: start, to: phone, challenge: [challengeOf('new', 'true')] }),
    );
    expect(observer.said).toEqual([]);
  });

  test('is not made of an ACK, CANCEL or BYE, which Asterisk asks for no credentials', () => {
    const observer = observe();
    for (const method of ['ACK', 'CANCEL', 'BYE']) {
      observer.all(request({ method, authorization: [digest('n')] }), answer({ method, status: 200 }));
    }
    expect(observer.said).toEqual([]);
  });

  test('of which more are under way than the table holds is forgotten, the oldest first, and counted', () => {
    const observer = observe();
    for (let index = 0; index < 8_193; index += 1) {
      observer.message(request({ callId: `c${index}`, authorization: [digest('n')] }));
    }
    expect(observer.counts.get('forgotten: unanswered credentials')).toBe(1);
    expect(observer.all(answer({ callId: 'c0' }))).toEqual([]);
    expect(observer.all(answer({ callId: 'c1' }))).toHaveLength(1);
  });

  test('seen through HEP says so', () => {
    const observer = observe({}, 'hep');
    observer.all(
      answer({ challenge: [challengeOf(nonce)] }),
      request({ authorization: [digest(nonce)] }),
      answer(),
    );
    expect(observer.said).toMatchObject([{ sensor: 'hep', proof: { by: 'nonce-echo', seenBy: 'hep' } }]);
  });
});

describe('an account', () => {
  test('whose challenge nobody takes up was probed', () => {
    const observer = observe();
    observer.all(
      request({ time: 100, user: '200' }),
      answer({ time: 101, user: '200', challenge: [challengeOf(nonce)] }),
    );
    expect(observer.nextDeadline()).toBe(2_101);
    observer.advance(2_100);
    expect(observer.said).toEqual([]);
    observer.advance(2_101);
    expect(observer.said).toEqual([
      {
        kind: 'account-probed',
        time: 101,
        sensor: 'packets',
        transport: 'udp',
        source: attacker,
        local: pbx,
        proof: asserted,
        callId: 'call',
        messages: 1,
        account: '200',
        because: 'unanswered-challenge',
      },
    ]);
    expect(observer.nextDeadline()).toBeUndefined();
  });

  test('is judged by the time of the next message too', () => {
    const observer = observe();
    observer.all(request(), answer(), request({ time: 2_000, from: phone, callId: 'other' }));
    expect(observer.said).toMatchObject([{ kind: 'account-probed', account: '100' }]);
  });

  test('is not probed by a client that follows up in time', () => {
    const observer = observe();
    observer.all(request(), answer({ challenge: [challengeOf(nonce)] }));
    observer.all(
      request({ time: 1_999, cseq: 2, authorization: [digest(nonce)] }),
      answer({ time: 1_999, cseq: 2, status: 200 }),
    );
    observer.advance(100_000);
    expect(observer.said).toMatchObject([{ kind: 'authentication-succeeded' }]);
  });

  test('is not probed by a client of whose follow-up we saw only the answer', () => {
    const observer = observe();
    observer.all(request(), answer(), answer({ time: 1_999, cseq: 2, status: 200 }));
    observer.advance(100_000);
    expect(observer.said).toEqual([]);
  });

  test('is probed by who repeats the Call-ID and CSeq of a guess for another account', () => {
    const observer = observe();
    observer.all(request({ authorization: [digest('n')] }), answer(), answer());
    for (const user of ['200', '201']) observer.all(request({ user }), answer({ user }));
    observer.advance(100_000);
    expect(observer.said.map((each) => [each.kind, 'account' in each && each.account])).toEqual([
      ['authentication-failed', '100'],
      ['account-probed', '200'],
      ['account-probed', '201'],
    ]);
  });

  test('is not probed by somebody who never asked: a Via of another had our answer sent there', () => {
    const observer = observe();
    observer.all(request({ from: attacker }), answer({ to: phone }));
    observer.advance(100_000);
    expect(observer.said).toEqual([]);
  });

  test('is not probed where the digest bears its name and the From another', () => {
    const observer = observe();
    observer.all(request({ user: '100' }), answer());
    observer.all(
      request({ time: 9, callId: 'x', user: 'display', authorization: [digest(nonce, 'r', '100')] }),
    );
    observer.advance(100_000);
    expect(observer.said).toEqual([]);
  });

  test('is probed still when the source follows up for another account, or another source for this one', () => {
    const observer = observe();
    observer.all(request({ user: '200' }), answer({ user: '200' }));
    observer.all(request({ time: 9, callId: 'x', user: '300', authorization: [digest(nonce, 'r', '300')] }));
    observer.all(
      request({ time: 9, callId: 'y', from: phone, user: '200', authorization: [digest(nonce, 'r', '200')] }),
    );
    observer.advance(100_000);
    expect(observer.said).toMatchObject([{ kind: 'account-probed', account: '200' }]);
  });

  test('is probed still when the follow-up holds nothing that could be right', () => {
    const observer = observe();
    observer.all(request(), answer());
    observer.all(
      request({ time: 9, cseq: 2, authorization: ['Basic eA==', 'Digest realm="x"'] }),
      answer({ time: 9, cseq: 2 }),
    );
    observer.advance(2_000);
    expect(observer.said).toMatchObject([{ kind: 'account-probed', messages: 2 }]);
  });

  test('that is tried over and over is told once in time, with the number of its messages', () => {
    const observer = observe();
    for (let cseq = 1; cseq <= 10; cseq += 1) {
      observer.all(request({ time: cseq * 150, cseq }), answer({ time: cseq * 150, cseq }));
    }
    observer.advance(2_150);
    expect(observer.said).toMatchObject([{ kind: 'account-probed', time: 150, messages: 10 }]);
  });

  test('is proven probed where our answer left over a connection, and what was asserted is not added', () => {
    const observer = observe();
    observer.all(request({ cseq: 1 }), answer({ cseq: 1 }));
    observer.all(request({ cseq: 2, transport: 'tcp' }), answer({ cseq: 2, transport: 'tcp' }));
    observer.all(request({ cseq: 3 }), answer({ cseq: 3 }));
    observer.advance(2_000);
    expect(observer.said).toMatchObject([{ proof: { by: 'connection' }, transport: 'tcp', messages: 1 }]);
  });

  test.each(['REGISTER', 'OPTIONS', 'SUBSCRIBE'])(
    'is unknown at once where %s is answered with 404, 403 or 604',
    (method) => {
      for (const status of [404, 403, 604]) {
        const observer = observe();
        observer.all(request({ method, user: '999' }), answer({ method, status, user: '999' }));
        expect(observer.said).toMatchObject([
          { kind: 'account-probed', account: '999', because: 'unknown-account' },
        ]);
      }
    },
  );

  test('is not probed by a call to a wrong number', () => {
    const said = observe().all(request({ method: 'INVITE' }), answer({ method: 'INVITE', status: 404 }));
    expect(said.map(({ kind }) => kind)).toEqual(['call-attempted']);
  });

  test('is not probed by ACK, BYE or CANCEL, nor where the answer is another', () => {
    const observer = observe();
    for (const method of ['ACK', 'BYE', 'CANCEL']) observer.all(request({ method }), answer({ method }));
    for (const status of [200, 302, 481, 500])
      observer.all(request({ cseq: status }), answer({ cseq: status, status }));
    observer.advance(100_000);
    expect(observer.said).toEqual([]);
  });

  test('that is tried 200 times a second under 200 names is told 200 times', () => {
    const observer = observe();
    for (let user = 100; user < 300; user += 1) {
      const time = user * 5;
      observer.all(
        request({ time, user: `${user}`, callId: `${user}` }),
        answer({ time, user: `${user}`, callId: `${user}` }),
      );
    }
    observer.advance(10_000);
    expect(new Set(observer.said.map((each) => 'account' in each && each.account)).size).toBe(200);
  });

  test('of which more are open than the table holds is forgotten without evidence, the oldest first, and counted', () => {
    const observer = observe();
    for (let user = 0; user <= 16_384; user += 1) {
      const of = { user: `u${user}`, callId: `${user}` };
      observer.all(request(of), answer(of));
    }
    expect(observer.counts.get('forgotten: open challenges')).toBe(1);
    expect(observer.said).toEqual([]);
    observer.advance(2_000);
    expect(observer.said[0]).toMatchObject({ account: 'u1' });
  });
});

describe('a recording of a real Asterisk', () => {
  const read = (name: string): Buffer =>
    readFileSync(new URL(`../../fixtures/sip-asterisk22/${name}.sip`, import.meta.url));

  test('yields one proven failure of account 100', () => {
    const observer = observe();
    const times = 1_795_397_155_000;
    observer.all(
      { ...request({ time: times }), bytes: read('register') },
      { ...answer({ time: times + 1 }), bytes: read('challenge') },
      { ...request({ time: times + 9 }), bytes: read('register-with-credentials') },
      {
        ...answer({ time: times + 10 }),
        bytes: Buffer.from(read('challenge').toString().replace('CSeq: 1', 'CSeq: 2')),
      },
    );
    expect(observer.said).toMatchObject([
      {
        kind: 'authentication-failed',
        account: '100',
        nonce,
        callId: 'd9c31b7f1f5f26fe',
        proof: nonceEcho(times + 9),
      },
    ]);
  });

  test('yields a probe where the ACL of the PBX says 403', () => {
    const observer = observe();
    observer.all({ ...request(), bytes: read('options') }, { ...answer(), bytes: read('forbidden') });
    expect(observer.said).toMatchObject([{ kind: 'account-probed', because: 'unknown-account' }]);
  });
});

test('what is not SIP is counted', () => {
  const observer = observe();
  observer.message({ ...request(), bytes: Buffer.from('\r\n\r\n') });
  expect(observer.counts).toEqual(new Map([['not SIP', 1]]));
});

test('whatever the messages hold, nothing is thrown and every observation passes the protocol', () => {
  const text = fc.oneof(
    fc.constantFrom('100', '', 'a\r\nRemoteAddress: x', '\u202e', '"', '%0d%0a'),
    fc.string({ unit: 'binary' }),
  );
  const message = fc.oneof(
    fc
      .record({
        user: text,
        callId: text,
        userAgent: fc.constantFrom('sipvicious\0\r\n x', 'y'),
        authorization: fc.array(text.map((value) => digest('n', value, value))),
      })
      .map((of) => request(of)),
    fc
      .record({
        user: text,
        callId: text,
        status: fc.constantFrom(100, 200, 401, 403, 404, 407, 699),
        challenge: fc.array(text.map((value) => challengeOf(value, value))),
      })
      .map((of) => answer(of)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 20 }),
      fc.array(fc.nat(5_000)),
      fc.constantFrom('in', 'out', 'unknown'),
      (messages, times, direction) => {
        const observer = observe();
        for (const [index, each] of messages.entries()) {
          observer.message({
            ...each,
            time: times[index] ?? 0,
            ...(direction === 'unknown' && { direction }),
          });
        }
        observer.advance(1e7);
        observer.end();
        for (const each of observer.said) {
          expect(observationSchema.safeParse(each).error).toBeUndefined();
          expect([attacker.address]).toContain(each.source.address);
        }
      },
    ),
  );
}, 60_000);
