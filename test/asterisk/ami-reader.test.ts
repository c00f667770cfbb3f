import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { amiLimits } from '../../src/asterisk/ami-reader.ts';
import { banner, failedGuess, toBytes, toLines } from './ami-bytes.ts';
import { readAmi as read } from './read-ami.ts';

const guess = toBytes(toLines(failedGuess()));
const recording = readFileSync('fixtures/ami/asterisk22/02-register-unknown-user.txt');

describe('the AMI reader', () => {
  test('reads the banner, the answer to the login and the events of a recording', () => {
    const { messages, discarded } = read([recording]);
    expect(discarded).toEqual([]);
    expect(messages.map(({ kind, name, tampered }) => [kind, name, tampered])).toEqual([
      ['banner', 'Asterisk Call Manager/11.0.0', undefined],
      ['response', 'Success', undefined],
      ['event', 'SuccessfulAuth', undefined],
      ['event', 'InvalidAccountID', undefined],
      ['event', 'ChallengeSent', undefined],
      ['event', 'InvalidAccountID', undefined],
      ['event', 'ChallengeResponseFailed', undefined],
    ]);
  });

  test('reads the same one byte at a time', () => {
    const bytes = [...recording].map((byte) => Buffer.of(byte));
    expect(read(bytes)).toEqual(read([recording]));
  });

  test('joins a character whose bytes came apart', () => {
    const bytes = Buffer.from(toBytes(toLines(failedGuess({ SessionID: 'é€😀' }))));
    const { messages } = read([...bytes].map((byte) => Buffer.of(byte)));
    expect(messages[0]?.headers.SessionID).toBe('é€😀');
  });

  test('ends a line at CR LF only, wherever the bytes are cut', () => {
    const text = toBytes(toLines(failedGuess({ SessionID: 'a\r\rb\nc\n\nd\r' })));
    for (let cut = 0; cut <= text.length; cut += 1) {
      const { messages } = read([text.slice(0, cut), text.slice(cut)]);
      expect(messages).toMatchObject([{ headers: { SessionID: 'a\r\rb\nc\n\nd\r' } }]);
      expect(messages[0]?.tampered).toBeUndefined();
    }
  });

  test('takes a banner for one at the very beginning only', () => {
    const { messages } = read([banner, guess, banner, '\r\n', guess]);
    expect(messages.map(({ kind, tampered }) => [kind, tampered])).toEqual([
      ['banner', undefined],
      ['event', undefined],
      ['event', 'no-event-line'],
      ['event', 'follows-broken-event'],
    ]);
  });
});

describe('what is too long', () => {
  test('is discarded with its message, and the next message is read', () => {
    const { messages, discarded } = read([
      `Event: X\r\nA: ${'x'.repeat(amiLimits.line)}\r\nB: 1\r\n\r\n`,
      guess,
    ]);
    expect(discarded).toEqual(['ami-line-too-long']);
    expect(messages).toMatchObject([{ name: 'ChallengeResponseFailed' }]);
  });

  test('is too many lines, too', () => {
    const lines = Array.from({ length: amiLimits.linesInMessage + 1 }, (_, index) => `H${index}: x`);
    const { messages, discarded } = read([toBytes(lines), guess]);
    expect(discarded).toEqual(['ami-message-too-long']);
    expect(messages).toHaveLength(1);
  });

  test('is many long lines, too', () => {
    const lines = Array.from({ length: 6 }, (_, index) => `H${index}: ${'x'.repeat(60_000)}`);
    const { messages, discarded } = read([toBytes(lines), guess]);
    expect(discarded).toEqual(['ami-message-too-long']);
    expect(messages).toHaveLength(1);
  });

  test('is let through at exactly the limits', () => {
    const lines = [
      'Event: X',
      ...Array.from({ length: amiLimits.linesInMessage - 1 }, (_, index) => `H${index}: x`),
    ];
    expect(read([toBytes(lines)]).discarded).toEqual([]);
    expect(read([toBytes(['Event: X', `A: ${'x'.repeat(amiLimits.line - 3)}`])]).discarded).toEqual([]);
  });

  test('does not pile up while its end does not come', () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().rss;
    const { discarded } = read(Array.from({ length: 200 }, () => chunk));
    expect(discarded).toEqual(['ami-line-too-long']);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('a message that was cut off', () => {
  test('is discarded at the end of the stream', () => {
    const { messages, discarded } = read([guess, guess.slice(0, 100)]);
    expect(messages).toHaveLength(1);
    expect(discarded).toEqual(['ami-message-unfinished']);
  });

  test('casts doubt on what follows, until its rest has shown itself', () => {
    const head = toBytes(toLines(failedGuess({ Event: 'InvalidAccountID' })).slice(0, 7));
    const rest = toBytes(toLines(failedGuess()).slice(7));
    const { messages } = read([guess, head, guess, rest, guess]);
    expect(messages.map(({ tampered }) => tampered)).toEqual([
      undefined,
      'missing-header',
      'follows-broken-event',
      'no-event-line',
      undefined,
    ]);
  });

  test('casts doubt on four events where its rest never shows itself', () => {
    const head = toBytes(toLines(failedGuess()).slice(0, 7));
    const { messages } = read([head, guess.repeat(6)]);
    expect(messages.map(({ tampered }) => tampered === undefined)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test('has its rest recognised under whatever name that comes', () => {
    const head = toBytes(toLines(failedGuess({ Event: 'InvalidAccountID' })).slice(0, 7));
    const rest = toBytes(['Event: UserEvent', 'Privilege: user,all', ...toLines(failedGuess()).slice(7)]);
    const { messages } = read([head, rest, guess]);
    expect(messages.map(({ tampered }) => tampered)).toEqual([
      'missing-header',
      'follows-broken-event',
      undefined,
    ]);
  });

  test('casts no doubt where it was an event of another kind, which Asterisk itself may write oddly', () => {
    const testEvent = toBytes(['Event: TestEvent', 'Privilege: reporting,all', 'State: 1', 'State: 2', 'x']);
    expect(read([testEvent, guess]).messages.map(({ tampered }) => tampered)).toEqual([undefined, undefined]);
  });
});

test('whatever the bytes are and however they are cut, the same is read and nothing is thrown', () => {
  const piece = fc.oneof(
    fc.constantFrom(guess, '\r\n', '\r', '\n', '\r\n\r\n', 'Event: X', 'Response: ', banner, ': '),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''));
        const chunks: Buffer[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        expect(read(chunks)).toEqual(read([bytes]));
      },
    ),
  );
});
