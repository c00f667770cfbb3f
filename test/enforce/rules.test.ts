// The text of the rules; that a kernel takes it and obeys is shown in packets.test.ts and in test/contracts.
import { describe, expect, test } from '@jest/globals';
import { captureLimit, chainLines, families, type RuleSettings, setLines } from '../../src/enforce/rules.ts';
import { setNames } from '../../src/model/enforcer.ts';

const settings: RuleSettings = {
  udpPorts: [[5_060, 5_080]],
  tcpPorts: [[5_061, 5_061]],
  nflogGroup: 7,
  logLimitPerSecond: 50,
};
const limitNames = (lines: readonly string[]) =>
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
    const names = asked.map((line) => /--match-set sw-([a-z]+)[46] /.exec(line)?.[1]);
    expect(names).toEqual([...setNames, undefined]);
    expect(asked.at(-1)).toBe('-A SIPWARDEN -g SW-LOG');
  });

  test('lets through, to the log, only what is allowed or shielded', () => {
    const logged = lines.filter((line) => /--match-set \S+ \S+ -g SW-LOG$/.test(line));
    const dropped = lines.filter((line) => /--match-set \S+ \S+ -j DROP$/.test(line));
    expect(logged.map((line) => line.split(' ')[5])).toEqual([`sw-allow${family}`, `sw-shield${family}`]);
    expect(dropped).toHaveLength(setNames.length - 2);
  });

  test('looks for source and source port in the set of ports, and for the source alone in every other', () => {
    const ports = lines.filter((line) => line.includes(' src,src '));
    expect(ports).toEqual([`-A SIPWARDEN -m set --match-set sw-port${family} src,src -j DROP`]);
    const created = setLines(settings, [family]).filter((line) => line.includes(' hash:'));
    expect(created).toHaveLength(setNames.length);
    expect(created.filter((line) => !line.includes(' hash:net '))).toEqual([
      `create sw-port${family} hash:ip,port family ${family === 4 ? 'inet' : 'inet6'} maxelem 65536 timeout 0`,
    ]);
  });

  test('asks the limit over everybody first wherever there is one for each address', () => {
    const logging = lines.filter((line) => line.includes('NFLOG') && !line.includes('SW-CHALLENGE'));
    expect(logging).toHaveLength(3);
    for (const line of logging) {
      expect(line).toMatch(/-m hashlimit .*-all\S+ -m hashlimit .*--hashlimit-mode (src|dst)ip .*-j NFLOG/);
      expect(line.match(/--hashlimit-mode/g)).toHaveLength(1);
    }
  });

  test('counts one IPv4 address, or one /64, as one source', () => {
    const mask = family === 4 ? 32 : 64;
    expect(lines.filter((line) => line.includes(`--hashlimit-srcmask ${mask} `))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(`--hashlimit-dstmask ${mask} `))).toHaveLength(2);
  });

  test('gives its limits other names when a number changes, and the same ones when none does', () => {
    const changed = chainLines(family, { ...settings, logLimitPerSecond: 51 });
    expect(limitNames(changed)).toHaveLength(7);
    expect(limitNames(changed)).not.toEqual(limitNames(lines));
    expect(chainLines(family, { ...settings })).toEqual(lines);
  });
});

test('the two families share no limit', () => {
  const [four, six] = families.map((family) => limitNames(chainLines(family, settings)));
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
