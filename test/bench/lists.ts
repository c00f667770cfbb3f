// What a look-up in a list costs, and how that grows with the list: with prefixes of every usual length, both families.
import { strict as assert } from 'node:assert';
import { createNetworkMap, type NetworkMap } from '../../src/decide/network-map.ts';
import { networkOf } from '../../src/model/address.ts';
import { createRandom } from '../enforce/random.ts';
import type { Benchmark } from './benchmark.ts';
import { medianRatio, timed } from './ratio.ts';

const few = 10;
const many = 100_000;
const lookups = 50_000;
const rounds = 9;
const lengths = { v4: [16, 22, 24, 32, 32, 32], v6: [32, 48, 56, 64, 128] } as const;

export const listsBenchmark: Benchmark = {
  name: 'lists-100000-vs-10',
  must: '<=',
  bar: 10,
  run() {
    const random = createRandom(3).share;
    const address = () => addressFrom(random);
    const targets = Array.from({ length: lookups }, address);
    const time = (map: NetworkMap<string>) => () => timed(() => findAll(map, targets));
    return medianRatio(rounds, time(createMap(many, random)), time(createMap(few, random)));
  },
};

function createMap(size: number, random: () => number): NetworkMap<string> {
  const map = createNetworkMap<string>();
  while (map.size < size) {
    const address = addressFrom(random);
    const choices = address.includes(':') ? lengths.v6 : lengths.v4;
    const network = networkOf(address, choices[Math.floor(random() * choices.length)]!);
    map.set(network, network);
  }
  return map;
}

function findAll(map: NetworkMap<string>, targets: readonly string[]): void {
  let found = 0;
  for (const target of targets) if (map.match(target) !== undefined) found += 1;
  assert.ok(found < targets.length);
}

function addressFrom(random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  return random() < 0.7
    ? [1 + below(223), below(256), below(256), below(256)].join('.')
    : networkOf(
        `2001:db8:${below(0xffff).toString(16)}:${below(0xffff).toString(16)}::${(1 + below(9)).toString(16)}`,
        128,
      );
}
