// How the cost of matching User-Agents grows with the list of signatures. The matcher remembers no verdicts, and the
// values are all distinct, so every one of them is truly matched.
import { strict as assert } from 'node:assert';
import { createSignatureMatcher, type SignatureMatcher } from '../../src/capture/signature-matcher.ts';
import type { Benchmark } from './benchmark.ts';
import { medianRatio, timed } from './ratio.ts';

const few = 10;
const many = 10_000;
const userAgents = 2_000;
const hitShare = 0.25;
const passes = 50;
const rounds = 9;

export const matchBenchmark: Benchmark = {
  name: 'match-10000-vs-10',
  must: '<=',
  bar: 3,
  run() {
    const random = createRandom(1);
    const words = distinct(many, () => randomWord(random));
    const signatures = words.map((word, index) => [`${word}*`, `${word}*`, `*${word}*`, word][index % 4]!);
    const large = createSignatureMatcher(signatures);
    const small = createSignatureMatcher(signatures.slice(0, few));
    const values = composeUserAgents(words, large, random);
    const time = (match: SignatureMatcher) => () => timed(() => matchAll(match, values));
    return medianRatio(rounds, time(large), time(small));
  },
};

/** Hits are hits of both lists; half of the rest begin as one of the signatures does. */
function composeUserAgents(
  words: readonly string[],
  large: SignatureMatcher,
  random: () => number,
): string[] {
  const version = () => `${Math.floor(random() * 30)}.${Math.floor(random() * 1_000)}`;
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)]!;
  const hits = distinct(
    userAgents * hitShare,
    () => `${pick(words.slice(0, few).filter((_, index) => index % 4 < 3))}/${version()}`,
  );
  const phones = ['Yealink SIP-T46S', 'Grandstream GXP2170', 'snomD785', 'PolycomVVX-VVX_411-UA'];
  const misses = distinct(userAgents - hits.length, () => {
    const name = random() < 0.5 ? pick(phones) : pick(words).slice(0, -2);
    const value = `${name} ${version()}`;
    return large(value) === undefined ? value : undefined;
  });
  return hits.flatMap((hit, index) => [hit, ...misses.slice(3 * index, 3 * index + 3)]);
}

function matchAll(match: SignatureMatcher, values: readonly string[]): void {
  let hits = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const value of values) if (match(value) !== undefined) hits += 1;
  }
  assert.equal(hits, passes * userAgents * hitShare);
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

/** The same numbers in every run (Numerical Recipes' generator), from 0 to below 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
