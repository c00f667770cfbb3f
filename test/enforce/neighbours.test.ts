// The firewalls of other programs beside ours, whoever came first, and when they are loaded again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { watchFirewall } from '../../src/enforce/firewall-watch.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { jumpRules } from '../../src/enforce/iptables-rules.ts';
import { createReconciler, type Reconciler } from '../../src/enforce/reconciler.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { waitFor } from '../wait-for.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const missing = await missingForNamespaces(['iptables', 'ipset', 'nft']);
const rules = testRules();
const fixture = (name: string) =>
  readFile(join(import.meta.dirname, '../../fixtures/firewalls', name), 'utf8');

interface Neighbour {
  readonly name: string;
  load(namespace: Namespace): Promise<unknown>;
  /** As when its service is started again, or the saved rules of the machine are. */
  reload(namespace: Namespace): Promise<unknown>;
}

/** Loaded rule by rule, which spares what others have; restored as a whole by whoever saved it. */
const iptablesNeighbour = (name: string, files: Readonly<Record<string, string>>): Neighbour => {
  const restore = async (namespace: Namespace, ...options: string[]) => {
    for (const [program, file] of Object.entries(files)) {
      await namespace.run(program, options, await fixture(file));
    }
  };
  return {
    name,
    load: (namespace) => restore(namespace, '--noflush'),
    reload: (namespace) => restore(namespace),
  };
};

const firewalld: Neighbour = {
  name: 'firewalld',
  load: async (namespace) => namespace.run('nft', ['-f', '-'], await fixture('firewalld.nft')),
  async reload(namespace) {
    for (const program of ['iptables-restore', 'ip6tables-restore']) {
      await namespace.run(program, [], '*raw\nCOMMIT\n*mangle\nCOMMIT\n*filter\nCOMMIT\n');
    }
    const again = `delete table inet firewalld\n${await fixture('firewalld.nft')}`;
    await namespace.run('nft', ['-f', '-'], again);
  },
};

const neighbours = [
  iptablesNeighbour('ufw', { 'iptables-restore': 'ufw.iptables', 'ip6tables-restore': 'ufw.ip6tables' }),
  iptablesNeighbour('fail2ban', {
    'iptables-restore': 'fail2ban.iptables',
    'ip6tables-restore': 'fail2ban.ip6tables',
  }),
  iptablesNeighbour('Docker', { 'iptables-restore': 'docker.iptables' }),
  iptablesNeighbour('FreePBX', { 'iptables-restore': 'freepbx.iptables' }),
  firewalld,
];

(missing ? describe.skip : describe).each(neighbours)(
  missing ? `$name (skipped: ${missing})` : '$name',
  ({ load, reload }) => {
    let namespace: Namespace;
    let enforcer: Enforcer;
    let reconciler: Reconciler;
    let stop: () => void;
    let fresh: readonly string[];

    beforeEach(async () => {
      namespace = await openNamespace();
      enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix: namespace.prefix });
      reconciler = createReconciler({
        enforcer,
        alarms: { raise: () => {}, clear: () => {} },
        now: Date.now,
        logger: pino({ level: 'silent' }),
      });
      stop = () => {};
      await enforcer.prepare();
      fresh = await ours();
      await enforcer.teardown();
    });
    afterEach(async () => {
      stop();
      await reconciler.stop();
      await enforcer.close();
      await namespace.remove();
    });

    const isOurs = (line: string) => / (SIPWARDEN|SW-\S+)( |$)/.test(line.replace(/^:/, ' '));
    const ours = async () => (await namespace.rules()).filter(isOurs);
    /** Rules, chains and policies, table by table, byte for byte. */
    const theirs = async () => {
      const saved = [await namespace.run('iptables-save', []), await namespace.run('ip6tables-save', [])];
      const lines = saved.flatMap((text) => text.split('\n'));
      const tables = await namespace.run('nft', ['list', 'tables']);
      const native = tables.includes('inet firewalld')
        ? await namespace.run('nft', ['list', 'table', 'inet', 'firewalld'])
        : '';
      const isTheirs = (line: string) => /^[-:]/.test(line) && !/ ACCEPT \[/.test(line) && !isOurs(line);
      return [...lines.filter(isTheirs).map((line) => line.replace(/\[\d+:\d+\]/, '')), native];
    };
    const isFirst = async () => {
      const saved = [
        await namespace.run('iptables-save', ['-t', 'raw']),
        await namespace.run('ip6tables-save', ['-t', 'raw']),
      ];
      return saved.every((text) =>
        ['PREROUTING', 'OUTPUT'].every((chain) => {
          const inChain = (line: string) => line.startsWith(`-A ${chain} `);
          const wanted = jumpRules(rules).filter(inChain);
          return text.split('\n').filter(inChain).slice(0, wanted.length).join() === wanted.join();
        }),
      );
    };
    const isWhole = async () =>
      (await ours()).toSorted().join() === fresh.toSorted().join() && (await isFirst());

    test('is left alone by us who come after it', async () => {
      await load(namespace);
      const before = await theirs();
      expect(before.join('').length).toBeGreaterThan(100);
      await enforcer.prepare();
      expect(await isWhole()).toBe(true);
      expect(await theirs()).toEqual(before);
      await enforcer.teardown();
      expect(await theirs()).toEqual(before);
      expect(await ours()).toEqual([]);
    });

    test('comes after us, is loaded again, and stays as it wants to be', async () => {
      await reconciler.start([]);
      stop = watchFirewall({ enforcer, reconciler });
      await load(namespace);
      const loaded = await theirs();
      await waitFor('ours is whole and first', isWhole);
      await reload(namespace);
      await waitFor('ours is whole and first again', isWhole);
      expect(await theirs()).toEqual(loaded);
      stop();
      await reconciler.stop();
      await enforcer.teardown();
      expect(await theirs()).toEqual(loaded);
    });
  },
);
