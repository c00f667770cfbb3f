// What it costs to find the User-Agent in a message: our scanner against a naive split, and against npm's `sip`.
import { strict as assert } from 'node:assert';
import { parse as sipParse } from 'sip';
import { headerText, scanSip } from '../../src/capture/sip-scan.ts';
import type { Benchmark } from './benchmark.ts';
import { medianRatio, timed } from './ratio.ts';
import { composeMessage } from './sip-corpus.ts';

type FindUserAgent = (message: Buffer) => unknown;

const messages = 256;
const passes = 200;
const rounds = 9;

const corpus = Array.from({ length: messages }, (_, index) =>
  composeMessage(index, '198.51.100.7', '192.0.2.254'),
);

const ours: FindUserAgent = (message) => {
  const found = scanSip(message);
  return found && headerText(found, 'user-agent');
};
const naive: FindUserAgent = (message) => splitHeaders(message.toString())['user-agent'];
const npmSip: FindUserAgent = (message) => sipParse(message)?.headers['user-agent'];

export const parseBenchmarks: readonly Benchmark[] = [
  { name: 'parse-vs-naive', must: '>=', bar: 4, run: () => compare(naive) },
  { name: 'parse-vs-sip', must: '>=', bar: 8, run: () => compare(npmSip) },
];

function compare(theirs: FindUserAgent): Promise<number> {
  for (const message of corpus) assert.equal(theirs(message), ours(message));
  const time = (find: FindUserAgent) => () => timed(() => readAll(find));
  return medianRatio(rounds, time(theirs), time(ours));
}

function readAll(find: FindUserAgent): void {
  let found = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const message of corpus) if (find(message)) found += 1;
  }
  assert.equal(found, passes * messages);
}

/** What one writes first: everything before the empty line, split at line breaks and colons. */
function splitHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const [head = ''] = text.split('\r\n\r\n', 1);
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
