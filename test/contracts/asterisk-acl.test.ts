// The contract with the ACL of Asterisk, as far as it goes: each row reads the file as Asterisk would.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aclSets } from '../../src/enforce/acl-rules.ts';
import { createAsteriskAcl } from '../../src/enforce/asterisk-acl.ts';
import { createReconciler } from '../../src/enforce/reconciler.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { SipwardenError } from '../../src/model/error.ts';
import type { AclRule, PbxAcl } from '../../src/model/pbx-acl.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { isDenied } from '../enforce/last-match.ts';
import { noPbx } from '../no-pbx.ts';
import { waitFor } from '../wait-for.ts';
import { describeEnforcer } from './enforcer-contract.ts';

const logger = createLogger('silent', 'test');
const clock = { time: 1_700_000_000_000 };
const now = () => clock.time;
let folder: string;
let file: string;
const alarms = createAlarmBoard({ logger, now });
const alarm = (code: string) => alarms.active().find((each) => each.code === code);

function create(pbx: PbxAcl = noPbx, most = 1_000): Enforcer {
  return createAsteriskAcl({
    settings: { file, max_entries: most, role: 'second' },
    pbx,
    alarms,
    now,
    pauseMs: 1,
  });
}
const text = () => (existsSync(file) ? readFileSync(file, 'latin1') : '');
const firstOf = (target: string) => target.replace(/\/.*/, '');
async function openFolder() {
  folder = await mkdtemp(join(tmpdir(), 'sipwarden-acl-'));
  file = join(folder, 'acl.conf');
}
const removeFolder = () => rm(folder, { recursive: true, force: true });

describeEnforcer(
  'asterisk-acl',
  async () => {
    await openFolder();
    const enforcer = create();
    return {
      enforcer,
      clock,
      another: () => create(),
      async members() {
        const held = await enforcer.list();
        // Whoever is in the list is in the file, too.
        const wrong = held.filter(({ set, target }) => {
          const isBlocked = set !== 'allow' && set !== 'shield';
          return isDenied(text(), firstOf(target)) !== isBlocked;
        });
        expect(wrong).toEqual([]);
        return held.map(({ until, ...place }) => ({
          ...place,
          // As far as the kernel counts.
          seconds: until === undefined ? 0 : Math.ceil((until - clock.time) / 1_000),
        }));
      },
      async dispose() {
        await enforcer.close();
        await removeFolder();
      },
    };
  },
  { sets: aclSets, members: 1_000 },
);

describe('the ACL of Asterisk', () => {
  let enforcer: Enforcer;
  const ban = (target: string) => ({ set: 'ban', target }) as const;
  beforeEach(async () => {
    await openFolder();
    enforcer = create();
    await enforcer.prepare();
  });
  afterEach(async () => {
    await enforcer.close();
    await removeFolder();
  });

  test('has the order of the firewall: allowlist before denylist before shield before ban', async () => {
    const target = '203.0.113.9';
    await enforcer.add(ban('203.0.113.0/24'));
    expect(isDenied(text(), target)).toBe(true);
    await enforcer.add({ set: 'shield', target });
    expect(isDenied(text(), target)).toBe(false);
    expect(isDenied(text(), '203.0.113.10')).toBe(true);
    await enforcer.add({ set: 'deny', target });
    expect(isDenied(text(), target)).toBe(true);
    await enforcer.add({ set: 'allow', target });
    expect(isDenied(text(), target)).toBe(false);
    await enforcer.remove({ set: 'allow', target });
    expect(isDenied(text(), target)).toBe(true);
  });

  test('is readable for Asterisk, keeps its rights, and leaves no other file', async () => {
    await enforcer.add(ban('203.0.113.9'));
    expect(statSync(file).mode & 0o777).toBe(0o644);
    await chmod(file, 0o640);
    await enforcer.add(ban('203.0.113.10'));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(['acl.conf']);
  });

  test('lets the oldest bans leave where there are too many, says how many, and takes them in again', async () => {
    enforcer = create(noPbx, 10);
    await enforcer.prepare();
    await enforcer.add({ set: 'deny', target: '198.51.100.1' });
    const targets = Array.from({ length: 12 }, (_, index) => `203.0.113.${2 * index}`);
    for (const target of targets) await enforcer.add(ban(target));
    expect(targets.filter((target) => !isDenied(text(), target))).toEqual(targets.slice(0, 3));
    expect(isDenied(text(), '198.51.100.1')).toBe(true);
    expect(alarm('ACL_FULL')?.message).toMatch(/10 entries: the 3 oldest/);
    expect((await enforcer.list()).length).toBe(13);
    await Promise.all(targets.slice(-3).map((target) => enforcer.remove(ban(target))));
    expect(targets.filter((target) => isDenied(text(), target))).toEqual(targets.slice(0, -3));
    expect(alarm('ACL_FULL')).toBeUndefined();
  });

  test('has many changes at once read by Asterisk together', async () => {
    const taken: (readonly AclRule[])[] = [];
    enforcer = create({ ...noPbx, take: async (rules) => void taken.push(rules) });
    await enforcer.prepare();
    const some = (of: string) => Array.from({ length: 100 }, (_, index) => ban(`${of}.${2 * index}`));
    await Promise.all([...some('203.0.113'), ...some('198.51.100')].map(enforcer.add));
    expect(taken.map((rules) => rules.length)).toEqual([200]);
    await enforcer.add({ ...ban('203.0.113.2'), until: clock.time + 60_000 });
    expect(taken).toHaveLength(1);
  });

  test('puts right what somebody else wrote into the file, or removed', async () => {
    await enforcer.add(ban('203.0.113.9'));
    const before = text();
    writeFileSync(file, 'deny = everybody\n');
    expect(await enforcer.damage()).toEqual([`the file ${file}`]);
    await enforcer.prepare();
    expect(text()).toBe(before);
    rmSync(file);
    await enforcer.prepare();
    expect([text(), await enforcer.damage()]).toEqual([before, []]);
  });

  test('takes a file that it did not write for none', async () => {
    writeFileSync(file, '; ban 203.0.113.9\ndeny = 0.0.0.0/0\n');
    const other = create();
    await other.prepare();
    expect(await other.list()).toEqual([]);
    expect(isDenied(text(), '192.0.2.1')).toBe(false);
  });

  test('writes the file where Asterisk is not there, says so, and has it read as soon as it is', async () => {
    let isThere = false;
    const taken: (readonly AclRule[])[] = [];
    let onLive: () => void = () => {};
    enforcer = create({
      async take(rules) {
        if (!isThere) throw new SipwardenError('ACL_NOT_READ', 'there is no Asterisk', { hint: 'start it' });
        taken.push(rules);
      },
      watch(listener) {
        onLive = listener;
        return () => {};
      },
      notices: () => [],
    });
    const reconciler = createReconciler({ enforcer, alarms, alarmCode: 'ACL_PENDING', now, logger });
    enforcer.watch((touched) => void reconciler.repair(touched));
    await reconciler.start([]);
    expect(await reconciler.set(ban('203.0.113.9'))).toBe('pending');
    expect(isDenied(text(), '203.0.113.9')).toBe(true);
    expect(alarm('ACL_PENDING')).toMatchObject({ message: 'there is no Asterisk', hint: 'start it' });
    await reconciler.repair();
    expect(alarm('ACL_PENDING')).toBeDefined();
    isThere = true;
    onLive();
    await waitFor('Asterisk has read it', () => taken.length > 0);
    await waitFor('the alarm is over', () => alarm('ACL_PENDING') === undefined);
    expect(taken.at(-1)).toEqual([{ sense: 'deny', network: '203.0.113.9' }]);
    await reconciler.stop();
  });

  test('says which file cannot be written, and who must own its folder', async () => {
    file = join(folder, 'missing/acl.conf');
    await expect(create().prepare()).rejects.toMatchObject({
      code: 'ACL_FILE',
      hint: expect.stringContaining(join(folder, 'missing')),
    });
  });
});
