// Everything between the sensors and the control socket: the flow with its memory, its firewall and its orders, wired
// once for the daemon and for the tests that drive it.
import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createArming, hitByArming, wouldHit } from './arming.ts';
import { type Changes, createChanges } from './changes.ts';
import type { Config } from './config.ts';
import { createEffects, entryOf } from './effects.ts';
import { createFirewall, type Firewall, firewallSettings } from './firewall.ts';
import type { Logger } from './lib/logger.ts';
import type { ListDns } from './list-names.ts';
import { createLists } from './lists.ts';
import type { Address } from './model/address.ts';
import type { Alarms } from './model/alarm.ts';
import type { Change } from './model/change.ts';
import type { Untouchable } from './model/decision.ts';
import type { Entry, HeldEntry } from './model/enforcer.ts';
import type { Geography } from './model/geography.ts';
import type { Tell } from './model/happening.ts';
import type { PbxAcl } from './model/pbx-acl.ts';
import type { Time } from './model/time.ts';
import { createOrders, desiredEntries, type OrdersParts } from './orders.ts';
import { createPipeline } from './pipeline.ts';
import { createProposals } from './proposals.ts';
import { type Memory, withoutUnconfirmed } from './recall.ts';
import { excessesIn } from './sense/limit-sets.ts';
import { createSourceLimits } from './source-limits.ts';
import type { Store } from './store/store.ts';

export interface CoreParts {
  readonly config: Config;
  readonly store: Store;
  readonly memory: Memory;
  readonly alarms: Alarms;
  /** Who is told what happens, besides the log. */
  readonly tell?: Tell;
  readonly logger: Logger;
  readonly now: () => Time;
  readonly ownAddresses: () => readonly Address[];
  readonly geography: Geography;
  /** For the host names of lists; the system's, where it is not given. */
  readonly dns?: ListDns;
  /** Has the PBX put out whoever is expelled now. */
  readonly expel: () => void;
  readonly pbxAcl: PbxAcl;
}

export type Core = ReturnType<typeof createCore>;

/** What a host name on the allowlist must not stand for. */
const neverAllowed: ReadonlySet<Untouchable['because']> = new Set(['own', 'reserved']);

export function createCore({
  store,
  memory,
  alarms,
  tell = () => {},
  logger,
  now,
  ownAddresses,
  geography,
  dns,
  expel,
  ...parts
}: CoreParts) {
  let config = parts.config;
  const recalled = withoutUnconfirmed(memory);
  const arming = createArming(alarms, recalled.unarmed.length > 0);
  const settings = (): Config => arming.settingsOf(config);
  const lists = createLists({
    remembered: { allow: memory.allow, deny: recalled.deny },
    reconciler: () => firewall.reconciler,
    store,
    refusal(name, address) {
      const stops = pipeline
        .objections(address, now())
        .filter(({ because }) => (name === 'deny' ? because !== 'allowlisted' : neverAllowed.has(because)));
      return stops[0]?.detail;
    },
    allowed: () => letIn(),
    dns,
    ...{ alarms, logger, now },
  });
  const effects = createEffects({
    reconciler: () => firewall.reconciler,
    store,
    alarms,
    tell(happening) {
      proposals.hear(happening);
      tell(happening);
    },
    logger,
    now,
    expel,
    passed({ target }, { sensor, time, transport, local }) {
      // Where packets are captured before the firewall, to be seen is not to have passed.
      const isBeforeFirewall = sensor === 'packets' && config.capture.source !== 'nflog';
      if (!isBeforeFirewall) firewall.passed({ target, time, transport, local });
    },
  });
  const pipeline = createPipeline({
    settings: settings(),
    allowlist: lists.allow,
    effects,
    ownAddresses,
    geography,
    newId: randomUUID,
    seed: randomInt(2 ** 32),
    shielded: memory.shielded,
    decisions: recalled.decisions,
  });
  const proposals = createProposals({
    remembered: memory.proposals,
    decisions: recalled.decisions,
    options: () => config.decide,
    isOurs: (target) => pipeline.objections(target, now()).length > 0,
    ...{ lists, store, logger, now },
  });
  /** Nobody who is allowed now stays blocked. */
  const letIn = async (): Promise<void> => {
    const targets = pipeline.inForce(now()).map(({ target }) => target);
    const allowed = new Set(targets.filter((target) => lists.allow.match(target)));
    await Promise.all([...allowed].map((target) => pipeline.unban(target, 'the allowlist', now())));
  };
  const protectionsOf = ({ target, port }: Entry): readonly Untouchable[] =>
    port ? pipeline.protection.againstPort(target, port, now()) : pipeline.protection.against(target, now());
  const sourceLimits = createSourceLimits({
    remembered: memory.limits,
    store,
    onChange: () => startFirewall(),
  });
  const wantedFirewall = () => firewallSettings(settings(), sourceLimits.all());
  const newFirewall = (): Firewall =>
    createFirewall({
      settings: wantedFirewall(),
      protectionsOf,
      onRead(held, by, isSending) {
        pipeline.prolong(by, (decision) => isSending(entryOf(decision)));
        if (config.capture.source !== 'nflog') tellExcesses(held);
      },
      pbx: parts.pbxAcl,
      ...{ alarms, logger, now },
    });
  const tellExcesses = (held: readonly HeldEntry[]): void => {
    const slowed = pipeline.inForce(now()).filter(({ action }) => action === 'limit');
    pipeline.observe(excessesIn(held, slowed.map(entryOf), now()));
  };
  let firewall = newFirewall();

  const desired = () =>
    desiredEntries({
      decisions: pipeline.inForce(now()),
      lists,
      shield: pipeline.shield.entries(now()),
      isEnforcing: settings().mode === 'enforce',
    });
  /** The firewall that is configured now, with what is to be blocked now. */
  const startFirewall = async (): Promise<void> => {
    if (!isDeepStrictEqual(firewall.settings, wantedFirewall())) {
      await firewall.close({ keepBans: true });
      firewall = newFirewall();
    }
    await firewall.reconciler.start(desired());
  };
  const arm = async (armed: boolean): Promise<void> => {
    arming.disarm(!armed);
    pipeline.configure(settings());
    await startFirewall();
  };
  const orders = (more: Pick<OrdersParts, 'status' | 'reload'>) =>
    createOrders({
      ...more,
      pipeline,
      store,
      changes,
      firewall: () => firewall,
      lists,
      proposals,
      sourceLimits,
      geography,
      options: () => config,
      now,
      flush: effects.flush,
    });
  const changes: Changes = createChanges({
    store,
    now,
    logger,
    newId: randomUUID,
    async undo({ kind, target }: Change) {
      if (kind === 'mode') return arm(false);
      if (target === undefined) return;
      if (kind === 'ban') return pipeline.unban(target, 'nobody confirmed it', now());
      await lists.change('deny', { remove: [target] });
    },
    confirmed: async ({ kind }) => (kind === 'mode' ? arm(true) : undefined),
  });

  return {
    pipeline,
    lists,
    proposals,
    changes,
    orders,
    firewall: () => firewall,
    config: () => config,
    mode: () => settings().mode,
    /** The oldest first. */
    latestAttacks: async () => (await store.attacks({ limit: 100 })).toReversed(),
    /** Makes the kernel agree, without what nobody confirmed. A kernel that knows more than the store keeps it. */
    async start() {
      const kept = memory.isComplete ? [] : await firewall.enforcer.list().catch(() => []);
      await firewall.reconciler.start([...kept, ...desired()]);
      await firewall.test();
      lists.start();
      changes.resume(recalled.unarmed);
      arming.tell();
      for (const { id, kind, target, hits } of recalled.undone) {
        logger.warn({ id, kind, target, hits }, 'change undone at start: nobody had confirmed it');
        if (kind === 'ban') void store.endDecisionsOf(target, now(), 'nobody confirmed it');
        else void store.changeList('deny', { remove: [target] });
        void store.removeChange(id);
      }
    },
    /** Rejects with MODE_WOULD_HIT, and changes nothing, where arming hits ours and is not forced. */
    async configure(changed: Config, { force = false, by = 'the configuration' } = {}) {
      const isArming = settings().mode === 'observe' && changed.mode === 'enforce' && !arming.isDisarmed();
      const hits = isArming ? hitByArming(pipeline, now()) : [];
      if (hits.length > 0 && !force) throw wouldHit(hits);
      if (hits.length > 0) {
        const [time, wait] = [now(), changed.control.confirm_within];
        await changes.begin({ kind: 'mode', by, time, until: time + wait, hits });
      }
      if (changed.mode === 'observe') {
        await changes.withdraw('mode');
        arming.disarm(false);
      }
      config = changed;
      pipeline.configure(settings());
      await startFirewall();
    },
    async stop() {
      changes.stop();
      lists.stop();
      await firewall.close({ keepBans: config.firewall.keep_bans_on_stop });
      await effects.flush();
    },
  };
}
