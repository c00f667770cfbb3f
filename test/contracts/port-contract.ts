// What every enforcer must do with single ports of single addresses: rows of the contract.
import { describe, expect, test } from '@jest/globals';
import type { Entry, SourcePort } from '../../src/model/enforcer.ts';
import type { EnforcerSubject } from './enforcer-contract.ts';

/** `subject` is the prepared one of the test that runs. */
export function describePorts(subject: () => EnforcerSubject): void {
  const enforcer = () => subject().enforcer;
  const inMs = (ms: number) => subject().clock.time + ms;
  const port = (target: string, protocol: SourcePort['protocol'], number: number): Entry => ({
    set: 'port',
    target,
    port: { protocol, port: number },
  });
  const texts = async () =>
    (await subject().members())
      .map((member) => [member.target, member.port?.protocol, member.port?.port].join(' '))
      .toSorted();
  const secondsOf = async (number: number) =>
    (await subject().members()).find((member) => member.port?.port === number)?.seconds;

  describe.each(['192.0.2.1', '2001:db8::1'])('of %s', (target) => {
    test.each([
      ['udp', 7_001],
      ['tcp', 7_001],
      ['udp', 1],
      ['tcp', 65_535],
    ] as const)('holds %s port %d', async (protocol, number) => {
      const entry = port(target, protocol, number);
      await enforcer().add(entry);
      expect(await subject().members()).toEqual([{ ...entry, seconds: 0 }]);
      expect(await enforcer().list()).toEqual([entry]);
    });

    test('keeps two ports, and one port of two protocols, apart', async () => {
      await enforcer().add(port(target, 'udp', 7_001));
      await enforcer().add(port(target, 'udp', 7_002));
      await enforcer().add(port(target, 'tcp', 7_001));
      await enforcer().remove(port(target, 'udp', 7_001));
      expect(await texts()).toEqual([`${target} tcp 7001`, `${target} udp 7002`]);
    });

    test('keeps a port apart from a ban and an order of its address', async () => {
      await enforcer().add({ set: 'ban', target });
      await enforcer().add({ set: 'order', target });
      await enforcer().add(port(target, 'udp', 7_001));
      await enforcer().remove({ set: 'ban', target });
      expect(await texts()).toEqual([`${target}  `, `${target} udp 7001`]);
      await enforcer().remove(port(target, 'udp', 7_001));
      expect(await enforcer().list()).toEqual([{ set: 'order', target }]);
    });

    test.each([0, -1, 65_536, 5_060.5, Number.NaN])(
      'refuses the port %p and stays as it was',
      async (number) => {
        await expect(enforcer().add(port(target, 'udp', number))).rejects.toMatchObject({
          code: 'FIREWALL_REFUSED_TARGET',
          message: expect.stringContaining('port from 1 to 65535'),
        });
        expect(await texts()).toEqual([]);
      },
    );
  });

  test('takes a longer, a shorter and no time-out for a port that it has, and for no other', async () => {
    const [one, other] = [port('192.0.2.1', 'udp', 7_001), port('192.0.2.1', 'udp', 7_002)];
    await enforcer().add({ ...one, until: inMs(600_000) });
    await enforcer().add({ ...other, until: inMs(600_000) });
    await enforcer().add({ ...one, until: inMs(7_200_000) });
    expect(await secondsOf(7_001)).toBeGreaterThan(7_000);
    await enforcer().add({ ...one, until: inMs(60_000) });
    expect(await secondsOf(7_001)).toBeLessThanOrEqual(60);
    await enforcer().add(one);
    expect(await secondsOf(7_001)).toBe(0);
    expect(await secondsOf(7_002)).toBeGreaterThan(500);
  });

  test('lets a port go when its time is over, without being asked', async () => {
    await enforcer().add({ ...port('192.0.2.1', 'udp', 7_001), until: inMs(1_000) });
    await enforcer().add({ ...port('192.0.2.1', 'udp', 7_002), until: inMs(3_600_000) });
    for (let round = 0; round < 50 && (await texts()).length > 1; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      subject().clock.time += 100;
    }
    expect(await texts()).toEqual(['192.0.2.1 udp 7002']);
  });

  test('lists a port with its time', async () => {
    const entry = { ...port('2001:db8::1', 'tcp', 7_001), until: inMs(600_000) };
    await enforcer().add(entry);
    const [listed] = await enforcer().list();
    expect(listed).toMatchObject({ set: 'port', target: '2001:db8::1', port: entry.port });
    expect(Math.abs(listed!.until! - entry.until)).toBeLessThan(10_000);
  });

  test('removes a port whose new time is over already', async () => {
    await enforcer().add(port('192.0.2.1', 'udp', 7_001));
    await enforcer().add({ ...port('192.0.2.1', 'udp', 7_001), until: inMs(0) });
    expect(await texts()).toEqual([]);
  });

  test('takes the removal of a port that is not there', async () => {
    await expect(enforcer().remove(port('192.0.2.1', 'udp', 7_001))).resolves.toBeUndefined();
    await expect(enforcer().remove(port('2001:db8::1', 'tcp', 7_001))).resolves.toBeUndefined();
  });

  test('takes every text of an address for the same', async () => {
    await enforcer().add(port('2001:DB8:0::1', 'udp', 7_001));
    await enforcer().add(port('::ffff:192.0.2.1', 'udp', 7_001));
    await enforcer().remove(port('192.0.2.1/32', 'udp', 7_001));
    expect(await texts()).toEqual(['2001:db8::1 udp 7001']);
  });

  test.each<[string, Entry]>([
    ['none of 192.0.2.1 is named', { set: 'port', target: '192.0.2.1' }],
    ['192.0.2.0/24 is a network', port('192.0.2.0/24', 'udp', 7_001)],
    ['2001:db8::/64 is a network', port('2001:db8::/64', 'udp', 7_001)],
    ['is no address or network', port('192.0.2.1,udp:7001', 'udp', 7_001)],
    ['no udp or tcp port', port('192.0.2.1', 'sctp' as 'udp', 7_001)],
    ['no udp or tcp port', port('192.0.2.1', 'udp:1 timeout 0\nflush sw-port4\n' as 'udp', 7_001)],
    ['no udp or tcp port', port('192.0.2.1', 'udp', '7001-7009' as unknown as number)],
  ])('refuses an entry because %j, and stays as it was', async (message, entry) => {
    await enforcer().add(port('198.51.100.1', 'udp', 7_001));
    const refusal = { code: 'FIREWALL_REFUSED_TARGET', message: expect.stringContaining(message) };
    await expect(enforcer().add(entry)).rejects.toMatchObject(refusal);
    await expect(enforcer().remove(entry)).rejects.toMatchObject(refusal);
    expect(await texts()).toEqual(['198.51.100.1 udp 7001']);
  });

  test('holds every port of an address, and keeps them when it is prepared again', async () => {
    const numbers = Array.from({ length: 65_535 }, (_, index) => index + 1);
    await Promise.all(numbers.map((number) => enforcer().add(port('192.0.2.1', 'udp', number))));
    await enforcer().prepare();
    expect(await enforcer().list()).toHaveLength(65_535);
  }, 60_000);

  test('leaves ports where they are when it closes, and none after teardown', async () => {
    await enforcer().add(port('192.0.2.1', 'udp', 7_001));
    await enforcer().close();
    expect(await texts()).toEqual(['192.0.2.1 udp 7001']);
    await enforcer().teardown();
    expect(await enforcer().list()).toEqual([]);
  });
}
