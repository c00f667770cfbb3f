// The text of the rules; that a kernel takes it and obeys is shown in packets.test.ts and in test/contracts.
import { describe, expect, test } from '@jest/globals';
import { setLines } from '../../src/enforce/ipset-sets.ts';
import { chainLines } from '../../src/enforce/iptables-rules.ts';
import { families } from '../../src/enforce/kernel-sets.ts';
import { captureLimit } from '../../src/enforce/rule-settings.ts';
import { limitNames, setNames } from '../../src/model/enforcer.ts';
import { testLimit, testRules } from './test-rules.ts';

const settings = testRules({
  udpPorts: [[5_060, 5_080]],
  tcpPorts: [[5_061, 5_061]],
  guests: ['vnet+'],
  hotTexts: ['friendly-scanner'],
  limits: [testLimit()],
});
const tableNames = (lines: readonly string[]) =>
  lines.flatMap((line) => line.match(/hashlimit-name \S+/g) ?? []);

test('the limit over everybody lets no more addresses into a table than it holds', () => {
  const { burst, perSecond, expireMs, collectMs, tableMax } = captureLimit;
  expect(burst + (perSecond * (expireMs + collectMs)) / 1_000).toBeLessThan(tableMax);
});

test('an idle address is forgotten no sooner than its bucket is full again', () => {
  expect(captureLimit.expireMs).toBeGreaterThan(2_000);
});

describe.each(families)('IPv%d', (family) => {
  const lines = chainLines(family, settings);

  test('asks each set once, in the order of the model, and then logs', () => {
    const asked = lines.filter((line) => line.startsWith('-A SIPWARDEN '));
    const names = asked.flatMap((line) => /--match-set sw-([a-z]+)[46] /.exec(line)?.[1] ?? []);
    expect(names).toEqual(setNames);
    expect(asked.at(-1)).toBe('-A SIPWARDEN -g SW-LOG');
  });

  test('asks for what kills a request at its first packet, and for limits, only those who are not ours', () => {
    const place = (text: string) =>
      lines.findIndex((line) => line.startsWith('-A SIPWARDEN ') && line.includes(text));
    const order = [`sw-allow${family}`, `sw-shield${family}`, `sw-drop${family}`, 'sw-hot-0', '-g SW-INVITE'];
    expect(order.map(place)).toEqual(order.map(place).toSorted((one, other) => one - other));
    expect(order.map(place)).not.toContain(-1);
  });

  test('lets through, to the log, only what is allowed or shielded', () => {
    const logged = lines.filter((line) => /^-A SIPWARDEN .*--match-set \S+ \S+ -g SW-LOG$/.test(line));
    const dropped = lines.filter((line) => /^-A SIPWARDEN .*--match-set \S+ \S+ -j DROP$/.test(line));
    expect(logged.map((line) => line.split(' ')[5])).toEqual([`sw-allow${family}`, `sw-shield${family}`]);
    expect(dropped).toHaveLength(setNames.length - 2);
  });

  test('looks for source and source port in the set of ports, and for the source alone in every other', () => {
    const ports = lines.filter((line) => line.includes(' src,src '));
    expect(ports).toEqual([`-A SIPWARDEN -m set --match-set sw-port${family} src,src -j DROP`]);
    const created = setLines(settings, [family]).filter((line) => / hash:.* counters$/.test(line));
    expect(created).toHaveLength(setNames.length + limitNames.length);
    const types = new Set(
      created.filter((line) => !line.includes(' hash:net ')).map((line) => line.split(' ')[1]),
    );
    expect([...types]).toEqual([
      `sw-port${family}`,
      ...(family === 6 ? ['sw-invite6', 'sw-tftp6', 'sw-packets6'] : []),
    ]);
  });

  test('asks the limit over everybody first wherever there is one for each address', () => {
    const limited = lines.filter((line) => line.includes('--hashlimit-mode'));
    expect(limited.length).toBeGreaterThan(5);
    for (const line of limited) {
      expect(line).toMatch(
        /-m hashlimit .*-all\S+ -m hashlimit .*--hashlimit-mode (src|dst)ip|--match-set sw-invite. src/,
      );
      expect(line.match(/--hashlimit-mode/g)).toHaveLength(1);
    }
  });

  test('counts one IPv4 address, or one /64, as one source', () => {
    const masks = new Set(lines.flatMap((line) => /--hashlimit-(?:src|dst)mask (\d+)/.exec(line)?.[1] ?? []));
    expect([...masks]).toEqual([family === 4 ? '32' : '64']);
  });

  test('gives its limits other names when a number changes, and the same ones when none does', () => {
    const changed = chainLines(family, { ...settings, logLimitPerSecond: 51 });
    expect(tableNames(changed).filter((name) => tableNames(lines).includes(name))).toEqual([]);
    expect(chainLines(family, { ...settings })).toEqual(lines);
  });
});

test('the two families share no limit', () => {
  const [four, six] = families.map((family) => tableNames(chainLines(family, settings)));
  expect(four?.filter((name) => six?.includes(name))).toEqual([]);
});

test('names are short enough for the kernel', () => {
  const names = setLines(settings, families).flatMap((line) => line.match(/sw-\S+/g) ?? []);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(31);
});

test('makes no IPv6 set where there is no IPv6', () => {
  expect(setLines(settings, [4]).filter((line) => line.includes('inet6'))).toEqual([]);
});

test('changes a port set by a swap, so that no port is open in between', () => {
  expect(setLines(settings, families).filter((line) => line.includes('sw-udp'))).toEqual([
    'create sw-udp bitmap:port range 0-65535',
    'create sw-udp-next bitmap:port range 0-65535',
    'flush sw-udp-next',
    'add sw-udp-next 5060-5080',
    'swap sw-udp-next sw-udp',
    'destroy sw-udp-next',
  ]);
});
