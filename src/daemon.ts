// The daemon: wires sensors, flow, firewall, store and control together, and takes them down in order.
import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { type Config, type LoadedConfig, loadConfig } from './config.ts';
import { watchConfig } from './config-watch.ts';
import { checkSocketIsFree, startControl } from './control/server.ts';
import { createAddressList } from './decide/address-list.ts';
import { createEffects } from './effects.ts';
import { createFirewall, type Firewall } from './firewall.ts';
import { createDeadlineTimer } from './lib/deadline-timer.ts';
import { createLogger } from './lib/logger.ts';
import { parseAddress } from './model/address.ts';
import { messageOf, SipwardenError } from './model/error.ts';
import { createOrders, desiredEntries } from './orders.ts';
import { createPipeline } from './pipeline.ts';
import { recall } from './recall.ts';
import { createAlarmBoard } from './report/alarms.ts';
import { type Sensors, startSensors } from './sensors.ts';
import { summarize, version } from './status.ts';
import { openStore } from './store/store.ts';

const now = () => Date.now();
/** What was decided longer ago than this plays no part any more. Milliseconds. */
const pruneEveryMs = 86_400_000;

export interface Daemon {
  reload(): Promise<LoadedConfig>;
  stop(): Promise<void>;
}

/** Resolves when everything stands and the socket answers. Rejects with CONFIG_INVALID, CONTROL_IN_USE, STORE_* ... */
export async function startDaemon({ path }: { readonly path?: string | undefined }): Promise<Daemon> {
  const load = () => loadConfig({ path });
  const initial = load();
  let config = initial.config;
  const startedAt = now();
  // Before anything is touched: two daemons would undo each other's firewall.
  await checkSocketIsFree(config.control);
  const logger = createLogger(config.log.level, 'sipwarden');
  const alarms = createAlarmBoard({ logger, now });
  const store = await openStore({ directory: config.store.directory, now, logger, alarms });
  const memory = await recall(store, now(), now() - config.decide.forgiven_after);
  const lists = { allow: createAddressList(memory.allow), deny: createAddressList(memory.deny) };
  const effects = createEffects({ reconciler: () => firewall.reconciler, store, logger, now });
  const pipeline = createPipeline({
    settings: config,
    allowlist: lists.allow,
    effects,
    ownAddresses,
    newId: randomUUID,
    shielded: memory.shielded,
    decisions: memory.decisions,
  });
  const isUntouchable = (target: string) => pipeline.protection.protectedFromForgery(target, now());
  const newFirewall = () => createFirewall({ config, isUntouchable, alarms, logger, now });
  let firewall: Firewall = newFirewall();

  const desired = () =>
    desiredEntries({
      decisions: pipeline.inForce(now()),
      lists,
      shield: pipeline.shield.entries(now()),
      isEnforcing: config.mode === 'enforce',
    });
  const kept = memory.isComplete ? [] : await firewall.enforcer.list().catch(() => []);
  await firewall.reconciler.start([...kept, ...desired()]);

  const timer = createDeadlineTimer({
    nextDeadline: pipeline.nextDeadline,
    wake: () => pipeline.advance(now()),
    now,
  });
  const sensors: Sensors = await startSensors(config, {
    output: {
      observe(observations) {
        pipeline.observe(observations);
        timer.rearm();
      },
      know() {},
    },
    alarms,
    logger,
    now,
  });

  const apply = async ({ config: changed }: LoadedConfig) => {
    const before = config;
    config = changed;
    logger.level = changed.log.level;
    pipeline.configure(changed);
    if (isOtherFirewall(before, changed)) {
      await firewall.close({ keepBans: true });
      firewall = newFirewall();
    }
    if (isOtherFirewall(before, changed) || before.mode !== changed.mode) {
      await firewall.reconciler.start(desired());
    }
    await sensors.configure(changed);
    logger.info({ mode: changed.mode }, 'configuration applied');
  };
  const watching = watchConfig({
    initial,
    load,
    onChange: apply,
    onRefused: (error) =>
      logger.error({ reason: messageOf(error) }, 'new configuration refused, the old one stays'),
  });

  const status = async () => {
    const inForce = pipeline.inForce(now()).filter(({ enforced }) => enforced);
    const health = sensors.health();
    const ami = health.find(({ name }) => name === 'ami');
    return {
      version,
      pid: process.pid,
      startedAt,
      mode: config.mode,
      backend: firewall.enforcer.name,
      summary: summarize(config.mode, health, alarms.active().length),
      sensors: health,
      pbx: { state: ami?.state ?? 'off', detail: ami?.detail ?? '' },
      inForce: {
        bans: inForce.filter(({ action }) => action === 'ban').length,
        drops: inForce.filter(({ action }) => action === 'drop').length,
        shielded: pipeline.shield.entries(now()).length,
        allow: lists.allow.entries().length,
        deny: lists.deny.entries().length,
      },
      firewall: { pending: firewall.reconciler.pending().length },
      correlator: pipeline.counters(),
      alarms: alarms.active(),
    };
  };
  const orders = createOrders({
    pipeline,
    store,
    reconciler: () => firewall.reconciler,
    lists,
    banTimeMs: () => config.decide.ban_time,
    now,
    status,
    reload: async () => ({ files: (await watching.reload()).files }),
    flush: effects.flush,
  });
  const control = await startControl(config.control, orders);
  const pruning = setInterval(
    () => void store.prune(now(), config.store.keep).catch(() => undefined),
    pruneEveryMs,
  );
  logger.info({ version, socket: config.control.socket, mode: config.mode }, 'sipwarden is up');

  return {
    reload: watching.reload,
    async stop() {
      watching.close();
      clearInterval(pruning);
      timer.stop();
      await control.close();
      await sensors.stop();
      await firewall.close({ keepBans: config.firewall.keep_bans_on_stop });
      await effects.flush();
      await store.close();
      logger.info('sipwarden has stopped');
    },
  };
}

function isOtherFirewall(before: Config, changed: Config): boolean {
  const parts = ({ firewall, protect, capture }: Config) => [firewall, protect, capture.nflog_group];
  return !isDeepStrictEqual(parts(before), parts(changed));
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ address }) => parseAddress(address.split('%')[0] ?? '') ?? []);
}

/** Runs until a signal ends it; SIGHUP reloads. */
export async function runDaemon(options: { readonly path?: string | undefined }): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new SipwardenError(
      'DAEMON_NOT_ROOT',
      'sipwarden has to change the firewall, which this user may not',
      {
        hint: 'run it as root: sudo sipwarden run',
      },
    );
  }
  const daemon = await startDaemon(options);
  process.on('SIGHUP', () => void daemon.reload().catch(() => undefined));
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await daemon.stop();
}
