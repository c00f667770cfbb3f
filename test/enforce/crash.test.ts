// A process that is killed while it prepares the firewall or tears it down: no packet of an honest source is lost meanwhile,
// nobody who is blocked gets free, and the next process makes all whole or takes all away.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { startProcess } from '../../src/lib/run-command.ts';
import { rules } from './crash-rules.ts';
import { missingForNamespaces } from './namespace.ts';
import { clean, openPacketLink, type PacketLink, pbxAddress } from './packet-link.ts';
import { createRandom } from './random.ts';

const missing = await missingForNamespaces();
const seed = Number(process.env.SIPWARDEN_CRASH_SEED ?? Date.now() % 1_000_000);
const { below } = createRandom(seed);
const isFirewallProgram = (name: string) => /^(ipset|ip6?tables)/.test(name);
/** As a version before the counters made it. */
const oldSets =
  'create sw-ban4 hash:net family inet maxelem 262144 timeout 0\nadd sw-ban4 192.0.2.1 timeout 6000\n';

(missing ? describe.skip : describe)(missing ? `a crash (skipped: ${missing})` : 'a crash', () => {
  let link: PacketLink;
  beforeAll(async () => {
    link = await openPacketLink();
  });
  afterAll(() => link.close());

  const next = () => createIpsetEnforcer({ rules, now: Date.now, commandPrefix: link.pbx.prefix });

  /** Its children die with it, half of the time. */
  const kill = async (pid: number) => {
    process.kill(pid, 'SIGKILL');
    if (below(2) === 0) return;
    for (const child of (await link.pbx.run('ip', ['netns', 'pids', link.pbx.name]))
      .split('\n')
      .filter(Boolean)) {
      const name = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '');
      if (isFirewallProgram(name)) process.kill(Number(child), 'SIGKILL');
    }
  };

  /** Resolves to how many packets of an honest source were sent meanwhile and how many of them came. */
  const crashDuring = async (order: 'prepare' | 'teardown') => {
    const program = startProcess(
      process.execPath,
      [join(import.meta.dirname, 'crash-program.ts'), order, ...link.pbx.prefix],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    await once(program.stdout!, 'data');
    link.receiver.lines.length = 0;
    let isOver = false;
    let sent = 0;
    program.stdin?.end();
    const crash = pause(below(80)).then(() => kill(program.pid!));
    void crash.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await link.sender.send({
        from: clean[4],
        to: pbxAddress[4],
        port: 5_060,
        count: 5,
        text: 'OPTIONS sip:x SIP/2.0',
      });
      sent += 5;
      await link.receiver.until(() => link.receiver.lines.length >= sent);
    }
    await crash;
    await program.exited;
    return { sent, came: link.receiver.lines.length };
  };

  test(`during prepare leaves what the next prepare makes whole (seed ${seed})`, async () => {
    const first = next();
    await first.prepare();
    const whole = (await link.pbx.rules()).toSorted();
    const sets = (await link.pbx.setNames()).toSorted();
    for (let round = 0; round < 12; round += 1) {
      await first.teardown();
      if (round % 2 === 0) await link.pbx.run('ipset', ['restore'], oldSets);
      const { sent, came } = await crashDuring('prepare');
      expect(came).toBe(sent);
      const second = next();
      await second.prepare();
      await second.close();
      expect((await link.pbx.rules()).toSorted()).toEqual(whole);
      expect((await link.pbx.setNames()).toSorted()).toEqual(sets);
      expect(await link.arriving('192.0.2.1')).toBe(round % 2 === 0 ? 0 : 5);
    }
    await first.close();
  }, 120_000);

  test(`during prepare leaves what a teardown takes away (seed ${seed})`, async () => {
    for (let round = 0; round < 8; round += 1) {
      const { sent, came } = await crashDuring('prepare');
      expect(came).toBe(sent);
      await next().teardown();
      expect(await link.pbx.rules()).toEqual([]);
      expect(await link.pbx.setNames()).toEqual([]);
    }
  }, 120_000);

  test(`during teardown leaves what the next teardown or prepare can work with (seed ${seed})`, async () => {
    const first = next();
    await first.prepare();
    const whole = (await link.pbx.rules()).toSorted();
    for (let round = 0; round < 8; round += 1) {
      const { sent, came } = await crashDuring('teardown');
      expect(came).toBe(sent);
      await first.prepare();
      expect((await link.pbx.rules()).toSorted()).toEqual(whole);
    }
    await crashDuring('teardown');
    await first.teardown();
    expect(await link.pbx.rules()).toEqual([]);
    expect(await link.pbx.setNames()).toEqual([]);
  }, 120_000);
});
