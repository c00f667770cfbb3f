// The text of the nftables rules; that a kernel takes it and obeys is shown by the packet tests and test/contracts.
import { describe, expect, test } from '@jest/globals';
import { families } from '../../src/enforce/kernel-sets.ts';
import { ruleLines } from '../../src/enforce/nft-rules.ts';
import { type NftSet, nftSetName, nftSetNamed, nftSetOf, standingSets } from '../../src/enforce/nft-sets.ts';
import { setNames } from '../../src/model/enforcer.ts';
import { testLimit, testRules } from './test-rules.ts';

const settings = testRules({
  udpPorts: [[5_060, 5_080]],
  tcpPorts: [[5_061, 5_061]],
  tftpPorts: [[69, 69]],
  guests: ['vnet+'],
  hotTexts: ['friendly-scanner'],
  limits: [testLimit(), testLimit({ name: 'tftp' })],
});
const more: readonly NftSet[] = [
  { set: 'ban', family: 4, length: 24 },
  { set: 'shield', family: 6, length: 48 },
];
const lines = ruleLines(settings, [...standingSets, ...more]);
const rulesOf = (chain: string) =>
  lines.filter((line) => line.startsWith(`add rule inet sipwarden ${chain} `));

test('asks each set in the order of the model, each length of a network for itself, and then logs', () => {
  const asked = rulesOf('requests').flatMap((rule) => /@([a-z]+)[46]_\d+ /.exec(rule)?.[1] ?? []);
  expect(asked.filter((name, index) => name !== asked[index - 1])).toEqual(setNames);
  expect(rulesOf('requests').filter((rule) => rule.includes('@ban'))).toEqual([
    'add rule inet sipwarden requests ip saddr @ban4_32 drop',
    'add rule inet sipwarden requests ip6 saddr @ban6_128 drop',
    'add rule inet sipwarden requests ip6 saddr & ffff:ffff:ffff:ffff:: @ban6_64 drop',
    'add rule inet sipwarden requests ip saddr & 255.255.255.0 @ban4_24 drop',
  ]);
  expect(rulesOf('requests').at(-1)).toBe('add rule inet sipwarden requests goto logged');
});

test('lets through, to the log, only what is allowed or shielded', () => {
  const passing = rulesOf('requests').filter((rule) => /@\S+ goto logged$/.test(rule));
  const names = passing.map((rule) => /@([a-z]+)/.exec(rule)?.[1]);
  expect([...new Set(names)]).toEqual(['allow', 'shield']);
});

test('asks for limits only those who are not ours', () => {
  const place = (text: string) => rulesOf('requests').findIndex((rule) => rule.includes(text));
  const order = ['@allow4', '@shield4', '@drop4', 'goto invite', 'goto tftp'].map(place);
  expect(order).not.toContain(-1);
  expect(order).toEqual(order.toSorted((one, other) => one - other));
});

test('asks the limit over everybody first wherever there is one for each address', () => {
  const limited = lines.filter((line) => line.includes('update @meter_'));
  expect(limited.length).toBeGreaterThan(10);
  for (const line of limited) {
    expect(line).toMatch(
      / limit rate \d+\/second burst 20000 packets update @meter_|@(invite|tftp|packets)[46]_\d+ update/,
    );
  }
});

test('puts the rules in place after their sets, in one go', () => {
  const flush = lines.indexOf('flush table inet sipwarden');
  expect(
    lines.findLastIndex((line) => line.startsWith('add set ') && line.includes('counter;')),
  ).toBeLessThan(flush);
  expect(lines.findIndex((line) => line.startsWith('add rule '))).toBeGreaterThan(flush);
  expect(lines.join('')).not.toMatch(/\n/);
});

test('writes nothing for ports and limits that are not there', () => {
  const bare = ruleLines(testRules({ tcpPorts: [], udpPorts: [] }), standingSets).join('\n');
  expect(bare).not.toMatch(/\{ {2}\}|tcp dport|@ih,0,32/);
});

describe.each(families)('the sets of IPv%d', (family) => {
  const sets = standingSets.filter((set) => set.family === family);

  test('are known by their names', () => {
    for (const set of sets) expect(nftSetNamed(nftSetName(set))).toEqual(set);
  });

  test.each(['ban4', 'ban4_32x', 'meter_in4', 'ban5_32', 'nobody4_32'])('are not called %s', (name) => {
    expect(nftSetNamed(name)).toBeUndefined();
  });
});

test('a network has the set of its length, and an address that of all bits', () => {
  expect(nftSetOf({ set: 'ban', target: '192.0.2.0/24' })).toEqual({ set: 'ban', family: 4, length: 24 });
  expect(nftSetOf({ set: 'ban', target: '192.0.2.1' })).toEqual({ set: 'ban', family: 4, length: 32 });
  expect(nftSetOf({ set: 'ban', target: '2001:db8::1' })).toEqual({ set: 'ban', family: 6, length: 128 });
});
