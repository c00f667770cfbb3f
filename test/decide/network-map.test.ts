// The longest match, against a look through all entries with ipaddr.js; for both families, while entries come and go.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createNetworkMap } from '../../src/decide/network-map.ts';
import { contains, type Network, networkOf, overlaps, prefixLength } from '../../src/model/address.ts';

/** Close to one another, so that many lie inside of others. */
const v4 = fc
  .tuple(
    fc.constantFrom(0, 10, 203),
    fc.nat({ max: 3 }),
    fc.nat({ max: 255 }),
    fc.constantFrom(0, 8, 20, 24, 25, 29, 31, 32),
  )
  .map(([first, third, last, length]) => networkOf(`${first}.0.${third}.${last}`, length));
const v6 = fc
  .tuple(
    fc.constantFrom('', '2001:db8:'),
    fc.nat({ max: 3 }),
    fc.nat({ max: 0xffff }),
    fc.constantFrom(0, 16, 33, 48, 64, 65, 126, 127, 128),
  )
  .map(([start, middle, last, length]) =>
    networkOf(`${start}${start === '' ? '' : `${middle}`}::${last.toString(16)}`, length),
  );
const network = fc.oneof(v4, v6);
const change = fc.record({ network, isAdded: fc.boolean() });

describe('a map of networks', () => {
  test('finds what a look through all entries finds', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        fc.array(network, { maxLength: 20 }),
        (changes, targets) => {
          const naive = new Set<Network>();
          const map = createNetworkMap<Network>();
          for (const { network: each, isAdded } of changes) {
            if (isAdded) {
              map.set(each, each);
              naive.add(each);
            } else expect(map.delete(each)).toBe(naive.delete(each));
          }
          expect(map.values().toSorted()).toEqual([...naive].toSorted());
          for (const target of targets) {
            const [longest] = [...naive]
              .filter((each) => contains(each, target))
              .toSorted((one, other) => prefixLength(other) - prefixLength(one));
            expect(map.match(target)).toBe(longest);
            const sharing = map.overlapping(target);
            if (sharing === undefined)
              expect([...naive].filter((each) => overlaps(each, target))).toEqual([]);
            else expect(overlaps(sharing, target)).toBe(true);
            const widestFirst = (one: Network, other: Network) => prefixLength(one) - prefixLength(other);
            const covering = [...naive].filter((each) => contains(each, target)).toSorted(widestFirst);
            expect(map.covering(target)).toEqual(covering);
            const inside = [...naive].filter((each) => contains(target, each)).toSorted();
            expect([...map.inside(target)].toSorted()).toEqual(inside);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('keeps families apart, the whole of each too', () => {
    const map = createNetworkMap([
      ['0.0.0.0/0', 'all of IPv4'],
      ['::/0', 'all of IPv6'],
    ]);
    expect(map.match('203.0.113.1')).toBe('all of IPv4');
    expect(map.match('2001:db8::1')).toBe('all of IPv6');
  });
});
