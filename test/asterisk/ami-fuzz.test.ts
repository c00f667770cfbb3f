// Whatever becomes of a real recording: nothing is thrown, what is believed is whole, and what follows is read again.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AmiMessage, isSecurityEvent } from '../../src/asterisk/ami-message.ts';
import { observationsOf } from '../../src/sense/ami-observations.ts';
import { failedGuess, toBytes, toLines } from './ami-bytes.ts';
import { mutate, mutations, recordings } from './ami-mutations.ts';
import { readAmi, summaryOf } from './read-ami.ts';

const corpus = 'fixtures/ami-fuzz';
const inputs = readdirSync(corpus)
  .filter((name) => name.endsWith('.txt'))
  .toSorted();
const last = toBytes(toLines(failedGuess({ AccountID: 'last' })));

const believed = (messages: readonly AmiMessage[]) =>
  messages.filter((message) => isSecurityEvent(message) && !message.tampered);

/** What holds for each input, however it came about. */
function check(text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  const whole = readAmi([bytes]);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 997) }, (_, index) =>
    bytes.subarray(index * 997, (index + 1) * 997),
  );
  expect(readAmi(pieces)).toEqual(whole);
  for (const message of believed(whole.messages)) {
    expect(message.headers.Privilege).toMatch(/^security,/);
    expect(Object.keys(message.headers).filter((name) => name === 'RemoteAddress')).toHaveLength(1);
    for (const { source } of observationsOf(message)) {
      expect(text).toContain(`RemoteAddress: ${message.headers.RemoteAddress}`);
      expect(message.headers.RemoteAddress).toContain(`/${source.port}`);
    }
  }
  // A broken event casts doubt on four more at most.
  const after = readAmi([bytes, Buffer.from(`\r\n\r\n${last.repeat(7)}`)]);
  expect(believed(after.messages).at(-1)?.headers.AccountID).toBe('last');
}

test('a recording that was changed in any way', () => {
  fc.assert(
    fc.property(fc.constantFrom(...recordings), mutations, (recording, changes) =>
      check(mutate(recording, changes)),
    ),
    { numRuns: 300 },
  );
});

describe('the corpus', () => {
  const expected = JSON.parse(readFileSync(join(corpus, 'expected.json'), 'utf8')) as Record<string, unknown>;

  test.each(inputs)('%s is read as it was when it was found', (name) => {
    const text = readFileSync(join(corpus, name), 'latin1');
    check(text);
    expect(summaryOf(text)).toEqual(expected[name]);
  });

  test('has one for each way to be tampered with, and to be discarded', () => {
    expect(inputs.map((name) => name.replace('.txt', ''))).toEqual([
      'ami-line-too-long',
      'ami-message-too-long',
      'ami-message-unfinished',
      'broken-line',
      'follows-broken-event',
      'header-order',
      'missing-header',
      'no-event-line',
      'repeated-header',
      'unknown-header',
      'wrong-privilege',
    ]);
  });
});
