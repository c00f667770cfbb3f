// Seconds, targets and ports as the kernel takes them.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memberOf, placeOf, timeoutSeconds } from '../../src/enforce/member.ts';
import { type Place, setNames } from '../../src/model/enforcer.ts';

describe('a time-out', () => {
  test.each([
    [undefined, 0],
    [1_001, 1],
    [2_000, 1],
    [2_001, 2],
    [1_000, undefined],
    [999, undefined],
    [Number.MAX_SAFE_INTEGER, 2_147_483],
  ])('until %p, at 1000, is of %p seconds', (until, seconds) => {
    expect(timeoutSeconds(until, 1_000)).toBe(seconds);
  });
});

/** The member, or undefined where it is refused as it should be. */
function memberUnlessRefused(place: Place) {
  try {
    return memberOf(place);
  } catch (error) {
    expect(error).toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
    return undefined;
  }
}

const anyTarget = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.stringMatching(/^[0-9a-fx:./ \n-]{0,50}$/),
);
const anyPort = fc.record({
  protocol: fc.oneof(fc.constantFrom('udp', 'tcp'), fc.string()) as fc.Arbitrary<'udp' | 'tcp'>,
  port: fc.oneof(fc.integer({ min: -2, max: 65_540 }), fc.double()),
});
const anyPlace: fc.Arbitrary<Place> = fc.record(
  { set: fc.constantFrom(...setNames), target: anyTarget, port: anyPort },
  { requiredKeys: ['set', 'target'] },
);

test('whatever comes, a member is one word of hexadecimal digits, dots, colons and a slash or a port, or is refused', () => {
  fc.assert(
    fc.property(anyPlace, (place) => {
      const member = memberUnlessRefused(place);
      if (!member) return;
      expect(member.kernelName).toBe(`sw-${place.set}${member.family}`);
      expect(member.text).toMatch(
        place.set === 'port' ? /^[0-9a-f:.]+,(udp|tcp):[1-9]\d{0,4}$/ : /^[0-9a-f:.]+(\/\d{1,3})?$/,
      );
    }),
    { numRuns: 5_000 },
  );
});

test('a member that is read back is the place that was written', () => {
  fc.assert(
    fc.property(anyPlace, (place) => {
      const member = memberUnlessRefused(place);
      if (!member) return;
      expect(placeOf(place.set, member.text)).toEqual(member.place);
      expect(memberOf(member.place)).toEqual(member);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  '',
  '192.0.2.1',
  '192.0.2.1,5060',
  '192.0.2.1,udp:0',
  '192.0.2.1,udp:65536',
  '192.0.2.1,sctp:5060',
  '192.0.2.1,icmp:echo-request',
  '192.0.2.0/24,udp:5060',
  'x,udp:5060',
])('%j in the set of ports is no member of ours', (text) => {
  expect(placeOf('port', text)).toBeUndefined();
});
