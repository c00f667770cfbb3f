import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAddressList } from '../../src/decide/address-list.ts';
import { findOverlaps, overlapsOf } from '../../src/decide/list-overlaps.ts';
import { networkOf, overlaps } from '../../src/model/address.ts';
import { type ListEntry, listNames, networksOf } from '../../src/model/list-entry.ts';

const entry = (target: string): ListEntry => ({ target, note: '', author: 'root', time: 0 });
const address = fc.integer({ min: 0, max: 255 }).map((host) => `203.0.113.${host}`);
const network = fc
  .tuple(address, fc.integer({ min: 24, max: 32 }))
  .map(([host, length]) => networkOf(host, length));
const range = fc
  .tuple(fc.integer({ min: 0, max: 254 }), fc.integer({ min: 1, max: 20 }))
  .map(([first, more]) => `203.0.113.${first}-203.0.113.${Math.min(255, first + more)}`);
const targets = fc.uniqueArray(fc.oneof(network, range), { maxLength: 10 });

test('all pairs that share an address are found, each once, and what allow overrules', () => {
  fc.assert(
    fc.property(targets, targets, (allow, deny) => {
      const lists = {
        allow: createAddressList(allow.map(entry)),
        deny: createAddressList(deny.map(entry)),
      };
      const all = listNames.flatMap((list) => lists[list].entries().map((each) => ({ list, each })));
      const sharing = all.flatMap((one, index) =>
        all
          .slice(index + 1)
          .filter((other) =>
            networksOf(one.each).some((inner) =>
              networksOf(other.each).some((outer) => overlaps(inner, outer)),
            ),
          ),
      );
      const found = findOverlaps(lists, 1_000);
      expect(found).toHaveLength(sharing.length);
      for (const { kind, inner, outer } of found) {
        expect(kind === 'listed-twice').toBe(inner.list === outer.list);
        if (kind === 'without-effect') expect([inner.list, outer.list]).toEqual(['deny', 'allow']);
      }
      const [some] = lists.deny.entries();
      if (!some) return;
      const ofOne = found.filter(({ inner, outer }) =>
        [inner, outer].some(({ list, target }) => list === 'deny' && target === some.target),
      );
      expect(overlapsOf(lists, 'deny', some, 1_000)).toHaveLength(ofOne.length);
    }),
    { numRuns: 100 },
  );
});

test('what is on both lists is denied without effect', () => {
  const lists = {
    allow: createAddressList([entry('203.0.113.9')]),
    deny: createAddressList([entry('203.0.113.9')]),
  };
  expect(findOverlaps(lists, 10)).toMatchObject([{ kind: 'without-effect', inner: { list: 'deny' } }]);
});

test('no more are found than are wanted', () => {
  const lists = {
    allow: createAddressList([]),
    deny: createAddressList(['203.0.113.0/24', '203.0.113.1', '203.0.113.2'].map(entry)),
  };
  expect(findOverlaps(lists, 1)).toHaveLength(1);
});
