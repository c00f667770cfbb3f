// What every enforcer must do, row by row. The rows read the members by the subject's own means.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Enforcer, type Entry, type SetName, setNames } from '../../src/model/enforcer.ts';
import type { KernelMember } from '../enforce/namespace.ts';
import { describePorts } from './port-contract.ts';

export interface EnforcerSubject {
  readonly enforcer: Enforcer;
  /** What the enforcer takes for the present; a row moves it. */
  readonly clock: { time: number };
  /** Another instance over the same kernel; absent where members live in the instance alone. */
  readonly another?: () => Enforcer;
  members(): Promise<readonly KernelMember[]>;
  dispose(): Promise<void>;
}

/** What an enforcer does not take: sets, and more members than that. */
export interface Bounds {
  readonly sets?: readonly SetName[];
  readonly members?: number;
}

export function describeEnforcer(
  name: string,
  open: () => Promise<EnforcerSubject>,
  { sets = setNames, members: most = 100_000 }: Bounds = {},
): void {
  describe(name, () => {
    let subject: EnforcerSubject;
    let enforcer: Enforcer;

    beforeEach(async () => {
      subject = await open();
      enforcer = subject.enforcer;
      await enforcer.prepare();
    });
    afterEach(() => subject.dispose());

    const inMs = (ms: number) => subject.clock.time + ms;
    const targets = async () => (await subject.members()).map(({ target }) => target).toSorted();
    const secondsOf = async (target: string) =>
      (await subject.members()).find((member) => member.target === target)?.seconds;
    const ban = (target: string, until?: number): Entry =>
      until === undefined ? { set: 'ban', target } : { set: 'ban', target, until };

    describe.each(sets.filter((set) => set !== 'port'))('the set %s', (set) => {
      test.each(['192.0.2.1', '198.51.100.0/24', '2001:db8::1', '2001:db8:9::/64'])(
        'holds %s',
        async (target) => {
          await enforcer.add({ set, target });
          expect(await subject.members()).toEqual([{ set, target, seconds: 0 }]);
        },
      );

      test('refuses a single port and stays as it was', async () => {
        const entry: Entry = { set, target: '192.0.2.1', port: { protocol: 'udp', port: 5_060 } };
        await expect(enforcer.add(entry)).rejects.toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
        await expect(enforcer.remove(entry)).rejects.toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
        expect(await subject.members()).toEqual([]);
      });
    });
    if (sets.includes('port')) describe('the set port', () => describePorts(() => subject));
    const others = setNames.filter((set) => !sets.includes(set));
    if (others.length > 0) {
      test.each(others)('refuses the set %s, which it has not', async (set) => {
        const port = set === 'port' ? { port: { protocol: 'udp', port: 5_060 } as const } : {};
        const entry: Entry = { set, target: '192.0.2.1', ...port };
        await expect(enforcer.add(entry)).rejects.toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
        expect(await subject.members()).toEqual([]);
      });
    }

    test('rounds a time-out up to whole seconds', async () => {
      await enforcer.add(ban('192.0.2.1', inMs(3_599_001)));
      const seconds = await secondsOf('192.0.2.1');
      expect(seconds).toBeGreaterThan(3_590);
      expect(seconds).toBeLessThanOrEqual(3_600);
    });

    test('lets a member go when its time is over, without being asked', async () => {
      await enforcer.add(ban('192.0.2.1', inMs(1_000)));
      await enforcer.add(ban('192.0.2.2', inMs(3_600_000)));
      for (let round = 0; round < 50 && (await targets()).length > 1; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        subject.clock.time += 100;
      }
      expect(await targets()).toEqual(['192.0.2.2']);
    });

    test('takes a longer, a shorter and no time-out for a member that it has', async () => {
      await enforcer.add(ban('192.0.2.1', inMs(600_000)));
      await enforcer.add(ban('192.0.2.1', inMs(7_200_000)));
      expect(await secondsOf('192.0.2.1')).toBeGreaterThan(7_000);
      await enforcer.add(ban('192.0.2.1', inMs(60_000)));
      expect(await secondsOf('192.0.2.1')).toBeLessThanOrEqual(60);
      await enforcer.add(ban('192.0.2.1'));
      expect(await secondsOf('192.0.2.1')).toBe(0);
      expect(await targets()).toHaveLength(1);
    });

    test('takes a time-out that is longer than the kernel can count', async () => {
      await enforcer.add(ban('192.0.2.1', inMs(400 * 86_400_000)));
      expect(await secondsOf('192.0.2.1')).toBeGreaterThan(2_147_000);
    });

    test('holds nothing whose time is over already, and removes what was there', async () => {
      await enforcer.add(ban('192.0.2.1', inMs(600_000)));
      await enforcer.add(ban('192.0.2.1', inMs(0)));
      await enforcer.add(ban('192.0.2.2', inMs(-1)));
      expect(await targets()).toEqual([]);
    });

    test('removes a member from the set that is named, and from no other', async () => {
      await enforcer.add({ set: 'ban', target: '192.0.2.1' });
      await enforcer.add({ set: 'order', target: '192.0.2.1' });
      await enforcer.remove({ set: 'ban', target: '192.0.2.1' });
      expect(await subject.members()).toEqual([{ set: 'order', target: '192.0.2.1', seconds: 0 }]);
    });

    test('removes a network without its addresses', async () => {
      await enforcer.add(ban('192.0.2.0/24'));
      await enforcer.add(ban('192.0.2.1'));
      await enforcer.remove(ban('192.0.2.0/24'));
      expect(await targets()).toEqual(['192.0.2.1']);
    });

    test('takes the removal of what is not there', async () => {
      await expect(enforcer.remove({ set: 'ban', target: '192.0.2.1' })).resolves.toBeUndefined();
      await expect(enforcer.remove({ set: 'ban', target: '2001:db8::/64' })).resolves.toBeUndefined();
    });

    test('keeps its members when it is prepared again', async () => {
      await enforcer.add(ban('192.0.2.1'));
      await enforcer.prepare();
      expect(await targets()).toEqual(['192.0.2.1']);
    });

    test('clears the host bits of a network', async () => {
      await enforcer.add(ban('192.0.2.77/24'));
      await enforcer.add(ban('2001:DB8:0::77/64'));
      expect(await targets()).toEqual(['192.0.2.0/24', '2001:db8::/64']);
    });

    test.each([
      '0.0.0.0/0',
      '::/0',
      '',
      'example.org',
      '192.0.2.1/33',
      '192.0.2.1 timeout 0',
      '192.0.2.1\nflush sw-ban4',
      '192.0.2.1-192.0.2.9',
    ])('refuses %j and stays as it was', async (target) => {
      await enforcer.add(ban('198.51.100.1'));
      await expect(enforcer.add(ban(target))).rejects.toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
      await expect(enforcer.remove(ban(target))).rejects.toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
      expect(await targets()).toEqual(['198.51.100.1']);
    });

    test('fails for the bad one alone among many at once', async () => {
      const entries = ['192.0.2.1', '::/0', '192.0.2.2', 'x', '192.0.2.3'].map((target) =>
        enforcer.add(ban(target)),
      );
      const outcomes = (await Promise.allSettled(entries)).map(({ status }) => status);
      expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
      expect(await targets()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    });

    test('carries out what is asked in the order of asking', async () => {
      const place = ban('192.0.2.1');
      await Promise.all([enforcer.add(place), enforcer.remove(place), enforcer.add(ban('192.0.2.2'))]);
      await Promise.all([enforcer.remove(ban('192.0.2.2')), enforcer.add(ban('192.0.2.2'))]);
      expect(await targets()).toEqual(['192.0.2.2']);
    });

    test('lists what it holds, with the times', async () => {
      await enforcer.add({ set: 'allow', target: '192.0.2.0/24' });
      await enforcer.add({ set: 'ban', target: '2001:db8::/64', until: inMs(600_000) });
      const listed = (await enforcer.list()).toSorted((one, other) => one.set.localeCompare(other.set));
      expect(listed).toMatchObject([
        { set: 'allow', target: '192.0.2.0/24' },
        { set: 'ban', target: '2001:db8::/64' },
      ]);
      expect(listed[0]).not.toHaveProperty('until');
      expect(Math.abs(listed[1]!.until! - inMs(600_000))).toBeLessThan(10_000);
    });

    test(`holds ${most} entries, through a restart as well`, async () => {
      const wanted = Array.from(
        { length: most },
        (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      );
      await Promise.all(wanted.map((target) => enforcer.add(ban(target, inMs(3_600_000)))));
      expect(await targets()).toEqual(wanted.toSorted());
      await enforcer.close();
      const next = subject.another?.() ?? enforcer;
      await next.prepare();
      expect((await next.list()).map(({ target }) => target).toSorted()).toEqual(wanted.toSorted());
      await next.close();
    }, 180_000);

    test('finds nothing damaged, whatever members came and went, until all is gone', async () => {
      expect(await enforcer.damage()).toEqual([]);
      await enforcer.add(ban('192.0.2.0/24', inMs(600_000)));
      await enforcer.add(ban('2001:db8::1'));
      await enforcer.remove(ban('2001:db8::1'));
      await enforcer.prepare();
      expect(await enforcer.damage()).toEqual([]);
      await enforcer.teardown();
      expect(await enforcer.damage()).not.toEqual([]);
    });

    test('leaves its members where they are when it closes', async () => {
      await enforcer.add(ban('192.0.2.1'));
      await enforcer.close();
      expect(await targets()).toEqual(['192.0.2.1']);
    });

    test('holds nothing and takes nothing after teardown, until it is prepared again', async () => {
      await enforcer.add(ban('192.0.2.1'));
      await enforcer.teardown();
      expect(await enforcer.list()).toEqual([]);
      await expect(enforcer.add(ban('192.0.2.2'))).rejects.toMatchObject({ code: 'FIREWALL_NOT_PREPARED' });
      await enforcer.prepare();
      await enforcer.add(ban('192.0.2.3'));
      expect(await targets()).toEqual(['192.0.2.3']);
    });

    test('takes a teardown where there is nothing', async () => {
      await enforcer.teardown();
      await expect(enforcer.teardown()).resolves.toBeUndefined();
    });
  });
}
