import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSipCutter, longestMessage } from '../../src/capture/sip-cutter.ts';
import { request } from './frames.ts';

const register = request('REGISTER');
const invite = request('INVITE', { body: 'v=0\r\n\r\nREGISTER sip:body SIP/2.0\r\n' });
const answer = 'SIP/2.0 401 Unauthorized\r\nl: 0\r\n\r\n';

function createCutter(isSynced = true) {
  const messages: string[] = [];
  const proofs: boolean[] = [];
  const discards: string[] = [];
  const cutter = createSipCutter({
    onMessage: (bytes, isProven) => {
      messages.push(bytes.toString('latin1'));
      proofs.push(isProven);
    },
    discard: (reason) => discards.push(reason),
    isSynced,
  });
  const push = (text: string, isProven = true) => cutter.push(Buffer.from(text, 'latin1'), isProven);
  return { cutter, push, messages, proofs, discards };
}

function cut(...pieces: string[]): { messages: string[]; discards: string[] } {
  const { push, messages, discards } = createCutter();
  for (const piece of pieces) push(piece);
  return { messages, discards };
}

describe('whole messages', () => {
  test('one that lies in many pieces is put together', () => {
    expect(cut(...invite)).toEqual({ messages: [invite], discards: [] });
  });

  test('several in one piece are cut apart, and a body is not taken for a message', () => {
    expect(cut(invite + register + answer)).toEqual({ messages: [invite, register, answer], discards: [] });
  });

  test('line breaks that keep a connection alive are passed over', () => {
    expect(cut('\r\n\r\n', `\r\n${register}\r\n\r\n`, '\r', '\n', register)).toEqual({
      messages: [register, register],
      discards: [],
    });
  });

  test('cut anywhere, the messages are the same', () => {
    const stream = `${invite}\r\n\r\n${register}${answer}${invite}`;
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts, stream.length].sort((a, b) => a - b);
        const pieces = ends.map((end, index) => stream.slice(ends[index - 1] ?? 0, end));
        expect(cut(...pieces)).toEqual({ messages: [invite, register, answer, invite], discards: [] });
      }),
    );
  });
});

describe('Content-Length', () => {
  const withLength = (line: string) => `MESSAGE sip:a SIP/2.0\r\n${line}\r\nTo: b\r\n\r\nhello`;

  test.each([
    'Content-Length: 5',
    'content-length:5',
    'CONTENT-LENGTH \t : \t 5',
    'l: 5',
    'L\t:5',
    'Content-Length:\r\n 5',
    'l:\r\n\t5',
    'Content-Length: 5\r\nContent-Length: 900',
  ])('is understood: %j', (line) => {
    const message = withLength(line);
    expect(cut(message + register).messages).toEqual([message, register]);
  });

  test.each(['X: 5', 'Content-Length: none', 'Content-Length: -5', 'Content-Lengths: 5', 'Location: 5'])(
    'without a number there is no body: %j',
    (line) => {
      const message = withLength(line);
      expect(cut(message)).toEqual({ messages: [message.slice(0, -5)], discards: [] });
    },
  );

  test('a number in the start line is no length', () => {
    const message = '7 sip:a SIP/2.0\r\nTo: b\r\n\r\n';
    expect(cut(message + register).messages).toEqual([message, register]);
  });

  test.each(['65536', '99999999999999999999', '4294967301'])('%s bytes are too many', (length) => {
    const { messages, discards } = cut(request('MESSAGE', { length }), register);
    expect(messages).toEqual([register]);
    expect(discards).toEqual(['tcp: a message over 64 KiB']);
  });

  test('headers over 64 KiB are too many', () => {
    const { messages, discards } = cut(
      request('MESSAGE', { headers: `X: ${'x'.repeat(70_000)}\r\n` }),
      register,
    );
    expect(messages).toEqual(
      [request('MESSAGE', { headers: `X: ${'x'.repeat(70_000)}\r\n` }), register].slice(1),
    );
    expect(discards).toEqual(['tcp: a message over 64 KiB']);
  });
});

describe('what is lost', () => {
  test('after a gap only a piece that begins with a start line counts', () => {
    const { push, cutter, messages, discards } = createCutter();
    push(register.slice(0, 50));
    cutter.lose();
    push(register.slice(60));
    push(`rubbish\r\n${register}`);
    push(answer);
    push(register);
    expect(messages).toEqual([answer, register]);
    expect(discards).toEqual([
      'tcp: a message with a gap',
      'tcp: bytes that belong to no message we saw begin',
      'tcp: bytes that belong to no message we saw begin',
    ]);
  });

  test('a message of which all headers were there is handed over without the rest of its body', () => {
    const { push, cutter, messages, discards } = createCutter();
    push(invite.slice(0, -10));
    cutter.lose();
    push(register);
    expect(messages).toEqual([invite.slice(0, -10), register]);
    expect(discards).toEqual([]);
  });

  test('what is not SIP ends the message, and the next piece may begin another', () => {
    const { messages, discards } = cut(`${register}GET / HTTP/1.1\r\n\r\n${register}`, 'more\r\n', register);
    expect(messages).toEqual([register, register]);
    expect(discards).toEqual([
      'tcp: bytes that are not SIP',
      'tcp: bytes that belong to no message we saw begin',
    ]);
  });

  test.each([
    'SIP/2.0 \r\n',
    'sip/2.0 200 OK\r\n',
    'register sip:a sip/2.0  \r\n',
    'X sip:a SIP/2.0\n',
    '\r\nX sip:a SIP/2.0\n',
  ])('begins a message: %j', (line) => {
    const { push, cutter } = createCutter(false);
    push(line);
    expect(cutter.isSynced).toBe(true);
  });

  test.each([
    'SIP/2.0',
    'SIP/2.01 200\r\n',
    'REGISTER sip:a SIP/2.0',
    'REGISTER sip:aSIP/2.0\r\n',
    ' A sip:a SIP/2.0\r\n',
    '\r\n',
  ])('does not begin a message: %j', (line) => {
    const { push, cutter } = createCutter(false);
    push(line);
    expect(cutter.isSynced).toBe(false);
  });
});

test('a message is proven where each piece of it was', () => {
  const { push, proofs } = createCutter();
  push(register.slice(0, 50), false);
  push(register.slice(50) + register + register.slice(0, 50), true);
  push(register.slice(50), true);
  push(register.slice(0, 50), true);
  push(register.slice(50), false);
  expect(proofs).toEqual([false, true, true, false]);
});

test('no bytes make it throw, and it never keeps more than one message', () => {
  const part = fc.oneof(
    fc.constantFrom(
      register,
      invite,
      answer,
      '\r\n',
      'Content-Length: 70000\r\n',
      'INVITE sip:a SIP/2.0\r\n',
      'l:',
    ),
    fc.string({ maxLength: 50, unit: 'binary' }),
    fc.integer({ min: 1, max: 70_000 }).map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(part, fc.boolean()), { maxLength: 20 }), (pieces) => {
      const { push, cutter } = createCutter();
      for (const [piece, isLost] of pieces) {
        if (isLost) cutter.lose();
        push(piece);
        expect(cutter.kept).toBeLessThanOrEqual(longestMessage);
      }
    }),
  );
});
