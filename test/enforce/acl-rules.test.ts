import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAcl, parseAcl } from '../../src/enforce/acl-file.ts';
import { aclRules, aclSets, aggregate } from '../../src/enforce/acl-rules.ts';
import { contains, networkOf, parseAddress, prefixLength } from '../../src/model/address.ts';
import type { Entry } from '../../src/model/enforcer.ts';
import { isDenied } from './last-match.ts';

/** Few addresses, so that networks meet. */
const address = fc.oneof(
  fc.integer({ min: 0, max: 63 }).map((host) => `203.0.113.${host}`),
  fc.integer({ min: 0, max: 15 }).map((host) => parseAddress(`2001:db8::${host.toString(16)}`)!),
);
const network = fc
  .tuple(address, fc.integer({ min: 0, max: 6 }))
  .map(([of, bits]) => networkOf(of, (of.includes(':') ? 128 : 32) - bits));
const entry = fc.record({ set: fc.constantFrom(...aclSets), target: network });

/** What the kernel's rules say, one set after the other. */
function isBlocked(entries: readonly Entry[], of: string): boolean {
  const first = (['allow', 'deny', 'order', 'shield', 'ban'] as const).find((wanted) =>
    entries.some(({ set, target }) => set === wanted && contains(target, of)),
  );
  return first !== undefined && first !== 'allow' && first !== 'shield';
}

describe('the rules of an ACL', () => {
  test('give every address the verdict of the sets, as Asterisk reads them', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 30 }),
        fc.array(address, { maxLength: 20 }),
        (entries, asked) => {
          const { leftOut, ...acl } = aclRules(entries, 1_000);
          const text = formatAcl(acl);
          expect(leftOut).toEqual([]);
          for (const each of asked) expect(isDenied(text, each)).toBe(isBlocked(entries, each));
        },
      ),
    );
  });

  test('give those who fit the same verdict where there are too many, and block nobody else', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 30 }),
        fc.array(address, { maxLength: 20 }),
        fc.integer({ min: 1, max: 8 }),
        (entries, asked, most) => {
          const { leftOut, ...acl } = aclRules(entries, most);
          const kept = entries.filter((each) => !leftOut.includes(each));
          expect(acl.rules.length).toBeLessThanOrEqual(most);
          const text = formatAcl(acl);
          for (const each of asked) expect(isDenied(text, each)).toBe(isBlocked(kept, each));
        },
      ),
    );
  });

  test('are as few as can be, and hold the same addresses', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 30 }), fc.array(address), (networks, asked) => {
        const fewer = aggregate(networks);
        expect(fewer.length).toBeLessThanOrEqual(new Set(networks).size);
        const holds = (all: readonly string[], of: string) => all.some((each) => contains(each, of));
        for (const each of [...asked, ...networks])
          expect(holds(fewer, each)).toBe(holds(networks, each) || holds(fewer, each));
        for (const each of asked) expect(holds(fewer, each)).toBe(holds(networks, each));
        expect(aggregate(fewer)).toEqual(fewer);
      }),
    );
    expect(aggregate(['203.0.113.8', '203.0.113.9', '203.0.113.10', '203.0.113.11'])).toEqual([
      '203.0.113.8/30',
    ]);
    expect(aggregate(['203.0.113.9', '203.0.113.10'])).toHaveLength(2);
  });

  test('never deny everybody', () => {
    expect(aggregate(['0.0.0.0/1', '128.0.0.0/1']).map(prefixLength)).toEqual([1, 1]);
  });

  test('name nobody who gets through anyway', () => {
    const entries: Entry[] = [
      { set: 'shield', target: '198.51.100.1' },
      { set: 'allow', target: '203.0.113.0/24' },
      { set: 'ban', target: '203.0.113.9' },
    ];
    expect(aclRules(entries, 10).rules).toEqual([
      { sense: 'deny', network: '203.0.113.9' },
      { sense: 'permit', network: '203.0.113.0/24' },
    ]);
  });
});

describe('the file of an ACL', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(entry, fc.option(fc.integer({ min: 0, max: 4e12 }))), { maxLength: 10 }),
        (some) => {
          const entries = some.map(([each, until]): Entry => (until === null ? each : { ...each, until }));
          const { rules, members } = aclRules(entries, 1_000);
          expect(parseAcl(formatAcl({ rules, members }))).toEqual({ rules, members });
        },
      ),
    );
  });

  test.each(['203.0.113.9\npermit = 0.0.0.0/0', '0.0.0.0/0', '::/0', 'everybody', '203.0.113.9/33', ''])(
    'is not written with the rule %j',
    (target) => {
      const rules = [{ sense: 'deny', network: target } as const];
      expect(() => formatAcl({ rules, members: [] })).toThrow(
        expect.objectContaining({ code: 'ACL_INVALID' }),
      );
    },
  );

  test.each(['deny = 203.0.113.9', '#include "other.conf"', '[general]', 'deny = 0.0.0.0/0', '; hello'])(
    'is none of ours with the line %j',
    (line) => {
      expect(parseAcl(`${formatAcl({ rules: [], members: [] })}${line}\n`)).toBeUndefined();
    },
  );
});
