import { describe, expect, test } from '@jest/globals';
import { inviteFlood } from '../../src/detect/invite-flood.ts';
import { packetFlood } from '../../src/detect/packet-flood.ts';
import { tftpBruteforce } from '../../src/detect/tftp-bruteforce.ts';
import { excess, failure } from '../observations.ts';
import { detectorContext } from './context.ts';

describe.each([
  [inviteFlood, 'invite', 'tftp'],
  [tftpBruteforce, 'tftp', 'packets'],
  [packetFlood, 'packets', 'invite'],
] as const)('%p', ({ name, create }, limit, other) => {
  const start = () => create({}, detectorContext());

  test(`${name} tells of a source at its first excess, and that one could have been forged`, () => {
    expect(start().observe(excess(limit))).toMatchObject({
      attack: name,
      source: '203.0.113.66',
      proof: 'asserted',
      limit,
      messages: 1,
    });
  });

  test(`${name} says nothing of the other limit, or of anything else`, () => {
    const { observe } = start();
    expect(observe(excess(other))).toBeUndefined();
    expect(observe(failure())).toBeUndefined();
  });

  test(`${name} counts the excesses of one source, and a /64 is one, as in the kernel`, () => {
    const { observe } = start();
    for (const host of [1, 2, 3]) {
      const found = observe(excess(limit, { source: { address: `2001:db8::${host}`, port: 5_060 } }));
      expect(found).toMatchObject({ source: '2001:db8::/64', messages: host });
    }
  });
});
