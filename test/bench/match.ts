// How the cost of looking for signatures grows with their list: in texts alone, and in whole requests with every field.
// Nothing remembers verdicts, and the texts are all distinct, so every one of them is truly matched.
import { strict as assert } from 'node:assert';
import { createMessageSignatures, type FindSignatures } from '../../src/capture/message-signatures.ts';
import {
  createSignatureMatcher,
  type SignatureMatcher,
  unitsOfText,
} from '../../src/capture/signature-matcher.ts';
import { scanSip } from '../../src/capture/sip-scan.ts';
import { type Signature, signatureConfidences, signatureFields } from '../../src/model/signature.ts';
import { createRandom } from '../enforce/random.ts';
import type { Benchmark } from './benchmark.ts';
import { medianRatio, timed } from './ratio.ts';

const few = 10;
const many = 10_000;
const texts = 2_000;
const hitShare = 0.25;
const passes = 50;
const rounds = 9;

export const matchBenchmark: Benchmark = {
  name: 'match-10000-vs-10',
  must: '<=',
  bar: 3,
  /** The worse of the two. */
  run: async () => Math.max(await compareTexts(), await compareRequests()),
};

function compareTexts(): Promise<number> {
  const random = createRandom(1).share;
  const words = distinct(many, () => randomWord(random));
  const patterns = words.map(patternOf);
  const large = createSignatureMatcher(patterns);
  const small = createSignatureMatcher(patterns.slice(0, few));
  const values = composeTexts(words, large, random).map(unitsOfText);
  const time = (match: SignatureMatcher) => () => timed(() => matchAll(match, values));
  return medianRatio(rounds, time(large), time(small));
}

/** The table of each field has a fifth of the list, half of it weak. Nothing is found: that takes longest. */
function compareRequests(): Promise<number> {
  const random = createRandom(2).share;
  const words = distinct(many, () => randomWord(random));
  const signatures = words.map((word, index): Signature => {
    const field = signatureFields[index % signatureFields.length]!;
    const confidence = signatureConfidences[Math.floor(index / signatureFields.length) % 2]!;
    return { name: word, field, confidence, pattern: patternOf(word, index) };
  });
  const requests = Array.from({ length: texts }, () => {
    const text = () => words[Math.floor(random() * many)]!.slice(0, -2);
    const address = () => `<sip:${text()}@192.0.2.1>;tag=${text()}`;
    return Buffer.from(
      `OPTIONS sip:${text()}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK${text()}\r\n` +
        `From: ${address()}\r\nTo: ${address()}\r\nUser-Agent: ${text()} 1.0\r\n\r\n`,
    );
  });
  const large = createMessageSignatures(signatures);
  const quiet = requests.filter((request) => findIn(large, request) === 0);
  assert.ok(quiet.length > texts / 2);
  const time = (find: FindSignatures) => () => timed(() => findAll(find, quiet));
  return medianRatio(rounds, time(large), time(createMessageSignatures(signatures.slice(0, few))));
}

function patternOf(word: string, index: number): string {
  return [`${word}*`, `${word}*`, `*${word}*`, word][index % 4]!;
}

/** Hits are hits of both lists; half of the rest begin as one of the signatures does. */
function composeTexts(words: readonly string[], large: SignatureMatcher, random: () => number): string[] {
  const version = () => `${Math.floor(random() * 30)}.${Math.floor(random() * 1_000)}`;
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)]!;
  const hits = distinct(
    texts * hitShare,
    () => `${pick(words.slice(0, few).filter((_, index) => index % 4 < 3))}/${version()}`,
  );
  const phones = ['Yealink SIP-T46S', 'Grandstream GXP2170', 'snomD785', 'PolycomVVX-VVX_411-UA'];
  const misses = distinct(texts - hits.length, () => {
    const name = random() < 0.5 ? pick(phones) : pick(words).slice(0, -2);
    const value = `${name} ${version()}`;
    return matches(large, unitsOfText(value)) ? undefined : value;
  });
  return hits.flatMap((hit, index) => [hit, ...misses.slice(3 * index, 3 * index + 3)]);
}

function matches(match: SignatureMatcher, units: Uint16Array): boolean {
  return match(units, 0, units.length) >= 0;
}

function matchAll(match: SignatureMatcher, values: readonly Uint16Array[]): void {
  let hits = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const value of values) if (matches(match, value)) hits += 1;
  }
  assert.equal(hits, passes * texts * hitShare);
}

function findAll(find: FindSignatures, requests: readonly Buffer[]): void {
  let found = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const request of requests) found += findIn(find, request);
  }
  assert.equal(found, 0);
}

function findIn(find: FindSignatures, request: Buffer): number {
  const scan = scanSip(request);
  assert.ok(scan);
  return find(scan).length;
}

function distinct(count: number, make: () => string | undefined): string[] {
  const made = new Set<string>();
  while (made.size < count) {
    const value = make();
    if (value !== undefined) made.add(value);
  }
  return [...made];
}

/** Seven to twelve letters, as names of tools are. */
function randomWord(random: () => number): string {
  const letters = Array.from({ length: 7 + Math.floor(random() * 6) }, () => Math.floor(random() * 26));
  return String.fromCharCode(...letters.map((letter) => 97 + letter));
}
