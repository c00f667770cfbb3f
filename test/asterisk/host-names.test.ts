import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { askDns, askHost, systemDns } from '../../src/asterisk/host-lookup.ts';
import { createHostNames, hostNameLimit } from '../../src/asterisk/host-names.ts';
import { waitFor } from '../wait-for.ts';
import { fakeDns, type Records } from './fake-dns.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  jest.useRealTimers();
});

const provider = { host: 'provider.example', hasPort: false };

describe('a host', () => {
  test('is looked up as pjsip does: A, AAAA, and SRV where there is no port', async () => {
    const dns = fakeDns({
      'A provider.example': ['198.51.100.1'],
      'AAAA provider.example': ['2001:db8::1'],
      'SRV _sip._udp.provider.example': ['sbc1.provider.example.'],
      'SRV _sips._tcp.provider.example': ['sbc2.provider.example'],
      'A sbc1.provider.example': ['198.51.100.2'],
      'AAAA sbc2.provider.example': ['2001:db8::2'],
    });
    const { addresses, isWhole } = await askDns(dns, 'provider.example', true);
    expect(addresses.toSorted()).toEqual(['198.51.100.1', '198.51.100.2', '2001:db8::1', '2001:db8::2']);
    expect(isWhole).toBe(true);
    expect((await askDns(dns, 'provider.example', false)).addresses).toEqual(['198.51.100.1', '2001:db8::1']);
  });

  test('is not known whole while a part of its answers fails', async () => {
    const dns = fakeDns({ 'A a.example': ['198.51.100.1'], 'AAAA a.example': 'failure' });
    expect(await askDns(dns, 'a.example', false)).toEqual({ addresses: ['198.51.100.1'], isWhole: false });
  });

  test('has no address but canonical ones of somebody, and not without bound', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `203.0.${index >> 8}.${index & 255}`);
    const dns = fakeDns({
      'A a.example': ['127.0.0.1', '0.0.0.0', '224.0.0.1', 'nonsense', '198.51.100.1'],
      'AAAA a.example': ['2001:DB8:0::1', '::', '::ffff:198.51.100.2'],
      'A b.example': many,
    });
    const { addresses } = await askDns(dns, 'a.example', false);
    expect(addresses).toEqual(['198.51.100.1', '2001:db8::1', '198.51.100.2']);
    expect((await askDns(dns, 'b.example', false)).addresses).toHaveLength(64);
  });

  test('is asked for few targets only, and none that is no host name', async () => {
    const targets = Array.from({ length: 300 }, (_, index) => `sbc${index}.example`);
    const dns = fakeDns({ 'SRV _sip._udp.a.example': ['not a name', ...targets] });
    await askDns(dns, 'a.example', true);
    expect(dns.asked.filter((question) => question.startsWith('A '))).toHaveLength(16);
    expect(dns.asked.join()).not.toContain('not a name');
  });

  test('of this machine is found without DNS', async () => {
    expect(systemDns()).toMatchObject({ resolve4: expect.any(Function) });
    expect(await askHost(fakeDns({ 'hosts pbx': ['198.51.100.3', '::1'] }), 'pbx')).toEqual(['198.51.100.3']);
    expect(await systemDns().lookup('localhost')).toContain('127.0.0.1');
  });
});

describe('host names', () => {
  function keep(records: Records, timing = {}) {
    const dns = fakeDns(records);
    let changes = 0;
    const names = createHostNames({
      makeDns: () => dns,
      timing: { everyMs: 60_000, unansweredEveryMs: 60_000, firstMs: 5_000, ...timing },
      onChange() {
        changes += 1;
      },
    });
    cleanups.push(names.close);
    return { names, asked: dns.asked, changes: () => changes };
  }

  test('are known once they are wanted', async () => {
    const { names } = keep({ 'A provider.example': ['198.51.100.1'] });
    await names.want([provider]);
    expect(names.addressesOf(provider)).toEqual(['198.51.100.1']);
    expect(names.addressesOf({ ...provider, host: 'PROVIDER.example' })).toEqual(['198.51.100.1']);
  });

  test('are looked up again, and a change is told', async () => {
    const records: Records = { 'A provider.example': ['198.51.100.1'] };
    const { names, changes } = keep(records, { everyMs: 10 });
    await names.want([provider]);
    records['A provider.example'] = ['198.51.100.2'];
    await waitFor('the new address', () => names.addressesOf(provider)[0] === '198.51.100.2');
    expect(names.addressesOf(provider)).toEqual(['198.51.100.2']);
    expect(changes()).toBe(2);
  });

  test('keep their last answer while DNS fails, or says that there is none', async () => {
    const records: Records = { 'A provider.example': ['198.51.100.1'] };
    const { names, asked } = keep(records, { everyMs: 5 });
    await names.want([provider]);
    for (const failure of ['failure', undefined] as const) {
      if (failure) records['A provider.example'] = failure;
      else delete records['A provider.example'];
      const before = asked.length;
      await waitFor('asked again', () => asked.length > before + 20);
      expect(names.addressesOf(provider)).toEqual(['198.51.100.1']);
    }
  });

  test('lose nothing where only a part of an answer fails', async () => {
    const records: Records = {
      'A provider.example': ['198.51.100.1'],
      'AAAA provider.example': ['2001:db8::1'],
    };
    const { names } = keep(records, { everyMs: 5 });
    await names.want([provider]);
    records['A provider.example'] = ['198.51.100.2'];
    records['AAAA provider.example'] = 'failure';
    await waitFor('the new address', () => names.addressesOf(provider).includes('198.51.100.2'));
    expect(names.addressesOf(provider)).toContain('2001:db8::1');
  });

  test('that were never answered are looked up sooner, and may come from this machine', async () => {
    const records: Records = {};
    const { names, changes } = keep(records, { unansweredEveryMs: 5 });
    await names.want([provider]);
    expect(names.addressesOf(provider)).toEqual([]);
    records['hosts provider.example'] = ['198.51.100.9'];
    await waitFor('the answer', () => names.addressesOf(provider).length > 0);
    expect(changes()).toBe(1);
  });

  test('hold nobody up for long where DNS does not answer', async () => {
    const { names } = keep({ 'A provider.example': 'silence' }, { firstMs: 5 });
    await names.want([provider]);
    expect(names.addressesOf(provider)).toEqual([]);
  });

  test('that are not wanted any more are forgotten, and asked no more', async () => {
    jest.useFakeTimers();
    const { names, asked } = keep({ 'A provider.example': ['198.51.100.1'] });
    await names.want([provider]);
    await names.want([]);
    expect(names.addressesOf(provider)).toEqual([]);
    const before = asked.length;
    await jest.advanceTimersByTimeAsync(1_000_000);
    expect(asked).toHaveLength(before);
  });

  test('are bounded in number', async () => {
    const { names, asked } = keep({});
    const servers = Array.from({ length: 400 }, (_, index) => ({ host: `h${index}.example`, hasPort: true }));
    await names.want(servers);
    expect(asked.filter((question) => question.startsWith('A '))).toHaveLength(hostNameLimit);
  });

  test('let go of whoever waits when they are closed', async () => {
    const { names } = keep({ 'A provider.example': 'silence' }, { firstMs: 60_000 });
    const wanted = names.want([provider]);
    names.close();
    await wanted;
  });
});
