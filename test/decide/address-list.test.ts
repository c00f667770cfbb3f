import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAddressList } from '../../src/decide/address-list.ts';
import { contains, networkOf } from '../../src/model/address.ts';

const entry = (target: string) => ({ target, note: '', author: 'root', time: 0 });

describe('an address list', () => {
  test('names the most specific entry that covers an address', () => {
    const list = createAddressList(['203.0.113.0/24', '203.0.113.64/26', '0.0.0.0/1'].map(entry));
    expect(list.match('203.0.113.66')?.target).toBe('203.0.113.64/26');
    expect(list.match('203.0.113.1')?.target).toBe('203.0.113.0/24');
    expect(list.match('198.51.100.1')).toBeUndefined();
  });

  test('covers a network only when it covers all of it', () => {
    const list = createAddressList([entry('203.0.113.64/26')]);
    expect(list.match('203.0.113.0/24')).toBeUndefined();
    expect(list.overlapping('203.0.113.0/24')?.target).toBe('203.0.113.64/26');
    expect(list.match('203.0.113.64/28')?.target).toBe('203.0.113.64/26');
  });

  test('forgets an entry that was removed', () => {
    const list = createAddressList([entry('2001:db8::/32')]);
    expect(list.remove('2001:db8::/32')).toBe(true);
    expect(list.remove('2001:db8::/32')).toBe(false);
    expect(list.match('2001:db8::1')).toBeUndefined();
  });

  test('finds what a look through all entries finds', () => {
    const address = fc.integer({ min: 0, max: 255 }).map((host) => `203.0.113.${host}`);
    const network = fc
      .tuple(address, fc.integer({ min: 24, max: 32 }))
      .map(([host, length]) => networkOf(host, length));
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), address, (networks, host) => {
        const length = (target: string) => Number(target.split('/')[1] ?? 32);
        const longest = networks
          .filter((one) => contains(one, host))
          .sort((one, other) => length(other) - length(one))[0];
        expect(createAddressList(networks.map(entry)).match(host)?.target).toBe(longest);
      }),
    );
  });
});
