// A random day: whatever others, crashes and failing programs do, the kernel never holds half of our rules nor blocks an
// allowlisted address, and in the end it holds what the model says. SIPWARDEN_CHAOS_SEED repeats one.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entry, Place } from '../../src/model/enforcer.ts';
import { waitFor } from '../wait-for.ts';
import { type ChaosSite, type Family, families, openChaosSite, textOf } from './chaos-site.ts';
import { badManners, programs } from './misbehaving-programs.ts';
import { missingForNamespaces } from './namespace.ts';
import { createRandom } from './random.ts';

const seed = Number(process.env.SIPWARDEN_CHAOS_SEED ?? Date.now() % 1_000_000);
const steps = 200;
const stepsInBlock = 20;
const { below, pick } = createRandom(seed);

const missing = await missingForNamespaces(['iptables', 'ipset', 'nft']);

(missing ? describe.skip : describe)(missing ? `chaos (skipped: ${missing})` : 'chaos', () => {
  let site: ChaosSite;
  let underWay: Promise<unknown>[];
  let rulesMade: number;
  beforeEach(async () => {
    site = await openChaosSite();
    underWay = [];
    rulesMade = 0;
  });
  afterEach(() => site.remove());

  const run = (file: string, ...args: string[]) => site.namespace.run(file, args);
  const iptables = (family: Family) => (family === 4 ? 'iptables' : 'ip6tables');
  /** Somebody waits for it, or nobody does. */
  const begin = async (work: Promise<unknown>) => {
    const settled = work.catch(() => undefined);
    underWay.push(settled);
    if (below(2) === 0) await settled;
  };

  const randomPlace = (): Place => {
    const set = pick(['ban', 'ban', 'ban', 'drop', 'order', 'deny', 'shield', 'port'] as const);
    const address = below(3) === 0 ? `2001:db8::${below(9) + 1}` : `192.0.2.${below(9) + 1}`;
    if (set === 'port') {
      return {
        set,
        target: address,
        port: { protocol: pick(['udp', 'tcp'] as const), port: 7_000 + below(3) },
      };
    }
    const networks = [`203.0.${below(5)}.0/24`, `2001:db8:${below(5) + 1}::/64`];
    return { set, target: below(4) === 0 ? pick(networks) : address };
  };
  const forget = (isIt: (table: 'raw' | 'filter', family: Family) => boolean) => {
    for (const rule of site.foreign) if (isIt(rule.table, rule.family)) site.foreign.delete(rule);
  };
  const foreignRule = () => {
    rulesMade += 1;
    const [family, table] = [pick(families), pick(['raw', 'filter'] as const)];
    const chain = table === 'raw' ? pick(['PREROUTING', 'OUTPUT']) : 'INPUT';
    const text = `-A ${chain} -p ${pick(['udp', 'tcp'])} -m comment --comment other-${rulesMade} -j ACCEPT`;
    return { family, table, text } as const;
  };

  const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
    async ban() {
      const place = randomPlace();
      const lasts = pick([undefined, 1_000, 3_600_000, 600_000]);
      const entry: Entry = lasts === undefined ? place : { ...place, until: Date.now() + lasts };
      site.model.set(textOf(entry), entry);
      await begin(site.reconciler().set(entry));
    },
    async unban() {
      const place = below(3) > 0 && site.model.size > 0 ? pick([...site.model.values()]) : randomPlace();
      site.model.delete(textOf(place));
      await begin(site.reconciler().unset(place));
    },
    async 'ban of an allowlisted address'() {
      const entry: Entry = { set: pick(['ban', 'drop', 'order']), target: pick(site.allowlisted) };
      await expect(site.reconciler().set(entry)).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
    },
    async 'iptables -F'() {
      const family = pick(families);
      await run(iptables(family), '-t', 'raw', '-F');
      forget((table, of) => table === 'raw' && of === family);
    },
    async 'iptables -F, -X'() {
      const family = pick(families);
      await site.namespace.run(`${iptables(family)}-restore`, [], '*raw\nCOMMIT\n');
      forget((table, of) => table === 'raw' && of === family);
    },
    async 'nft flush ruleset'() {
      await run('nft', 'flush', 'ruleset');
      forget(() => true);
    },
    'ipset flush': () => run('ipset', 'flush'),
    async 'ipset destroy'() {
      await deeds['nft flush ruleset']?.();
      await run('ipset', 'destroy').catch(() => undefined);
    },
    async 'rule of another'() {
      const rule = foreignRule();
      const verb = pick(['-A', '-I']);
      await run(iptables(rule.family), '-t', rule.table, ...rule.text.replace('-A', verb).split(' '));
      site.foreign.add(rule);
    },
    async 'rule of another removed'() {
      const [rule] = site.foreign;
      if (!rule) return;
      site.foreign.delete(rule);
      await run(iptables(rule.family), '-t', rule.table, ...rule.text.replace('-A', '-D').split(' '));
    },
    'death of the session': () => site.killSessions(),
    restart: () => site.restart(),
    'a program misbehaves': () => site.programs.behave(pick(badManners), [pick(programs)]),
    'all programs misbehave': () => site.programs.behave(pick(badManners)),
    'programs work again': () => site.programs.behave('works'),
    repair: () => begin(site.reconciler().repair()),
  };
  const often = [
    'ban',
    'ban',
    'ban',
    'ban',
    'unban',
    'unban',
    'rule of another',
    'a program misbehaves',
    'restart',
    'repair',
    'programs work again',
  ];
  const choices = [...Object.keys(deeds), ...often];

  test(`is survived for ${steps} steps (seed ${seed})`, async () => {
    const done: string[] = [];
    for (let step = 1; step <= steps; step += 1) {
      const deed = pick(choices);
      done.push(deed);
      await deeds[deed]?.();
      expect({ done, violations: await site.violations() }).toEqual({ done, violations: [] });
      if (step % stepsInBlock > 0) continue;
      await site.programs.behave('works');
      await Promise.all(underWay.splice(0));
      const block = done.splice(0);
      let differences: readonly string[] = [];
      const isRepaired = async () => {
        await site.reconciler().repair();
        differences = await site.differences();
        return differences.length === 0;
      };
      await waitFor('kernel = model', isRepaired, 30_000).catch(() => undefined);
      expect({ block, differences }).toEqual({ block, differences: [] });
    }
  }, 180_000);
});
