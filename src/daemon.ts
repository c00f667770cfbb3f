// The daemon: wires sensors, flow, firewall, store and control together, and takes them down in order.
import { createAnnouncements } from './announcements.ts';
import { createAclModule } from './asterisk/acl-module.ts';
import { type LoadedConfig, loadConfig } from './config.ts';
import { watchConfig } from './config-watch.ts';
import type { ControlOptions } from './control/control-options.ts';
import type { Operations } from './control/operations.ts';
import { startAsteriskControl, startControl } from './control/server.ts';
import { checkSocketIsFree } from './control/socket-in-use.ts';
import { createCore } from './core.ts';
import { startGeoip } from './geoip/geoip.ts';
import { checkStillHeld } from './launch.ts';
import { createDeadlineTimer } from './lib/deadline-timer.ts';
import { findGroup } from './lib/group.ts';
import { createLogger } from './lib/logger.ts';
import { createOwnAddresses } from './lib/own-addresses.ts';
import { messageOf } from './model/error.ts';
import type { SensorOutput } from './model/sensor.ts';
import { recall } from './recall.ts';
import { createAlarmBoard } from './report/alarms.ts';
import { runFolders } from './run-folders.ts';
import { type Sensors, startSensors } from './sensors.ts';
import { describeStatus, version } from './status.ts';
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
  const { config } = initial;
  const startedAt = now();
  // Before anything is touched: two daemons would undo each other's firewall.
  await checkSocketIsFree(config.control);
  const logger = createLogger(config.log.level, 'sipwarden');
  let { ami: announced } = config;
  const announcements = createAnnouncements({ options: () => announced, now });
  const alarms = createAlarmBoard({ logger, now, tell: announcements.tell });
  const store = await openStore({ directory: config.store.directory, now, logger, alarms });
  const { forgiven_after, block_window } = config.decide;
  const memory = await recall(store, now(), now() - Math.max(forgiven_after, block_window));
  const geoip = await startGeoip({ options: config.geoip, alarms, now });
  const ownAddresses = createOwnAddresses(now);
  let sensors: Sensors | undefined;
  const pbxAcl = createAclModule(() => core.config().asterisk_acl.section);
  const core = createCore({
    ...{ config, store, memory, alarms, logger, now, ownAddresses },
    geography: geoip,
    expel: () => sensors?.expel(),
    tell: announcements.tell,
    pbxAcl,
  });
  const { pipeline } = core;
  announcements.recall(pipeline.inForce(now()), await core.latestAttacks().catch(() => []));
  await core.start();
  pipeline.know({ kind: 'restart', time: startedAt });

  const timer = createDeadlineTimer({
    nextDeadline: pipeline.nextDeadline,
    wake: () => pipeline.advance(now()),
    now,
  });
  const output: SensorOutput = {
    observe(observations) {
      pipeline.observe(observations);
      timer.rearm();
    },
    know: pipeline.know,
  };
  const started = await startSensors(config, {
    controlSocket: config.control.socket,
    actionsUsers: [announcements, pbxAcl],
    expelled: {
      isAny: () => pipeline.expelled.isAny(now()),
      caller: (address) => pipeline.expelled.caller(address, now()),
      registrant: (callId) => pipeline.expelled.registrant(callId, now()),
      acted({ target, attackId }, act) {
        logger.info({ target, ...act }, 'acted at the PBX');
        if (attackId !== undefined) pipeline.acted(attackId, act);
      },
    },
    ...{ output, alarms, logger, now, ownAddresses },
  });
  sensors = started;

  let insisting: { readonly by: string } | undefined;
  const apply = async (loaded: LoadedConfig) => {
    checkStillHeld(loaded);
    const { config: changed } = loaded;
    await core.configure(changed, insisting ? { force: true, ...insisting } : {});
    logger.level = changed.log.level;
    announced = changed.ami;
    await started.configure(changed);
    await geoip.configure(changed.geoip);
    logger.info({ mode: core.mode() }, 'configuration applied');
  };
  const watching = watchConfig({
    initial,
    load,
    onChange: apply,
    onRefused: (error) =>
      logger.error({ reason: messageOf(error) }, 'new configuration refused, the old one stays'),
  });
  const orders = core.orders({
    status: async () =>
      describeStatus({
        ...{ startedAt, core, now: now() },
        sensors: started.health(),
        geoip: geoip.databases(),
        alarms: alarms.active(),
      }),
    async reload({ force, by }) {
      insisting = force ? { by } : undefined;
      try {
        return { files: (await watching.reload()).files };
      } finally {
        insisting = undefined;
      }
    },
  });
  const control = await startControl(config.control, orders);
  const asteriskControl = await startConsole(config.control, orders).catch((error) => {
    alarms.raise(
      'ASTERISK_CONSOLE_DOWN',
      `the command line of Asterisk cannot ask: ${messageOf(error)}`,
      'start sipwarden as root, which makes the folder asterisk/ beside [control] socket; all else works',
    );
    return undefined;
  });
  const pruning = setInterval(
    () => void store.prune(now(), core.config().store.keep).catch(() => undefined),
    pruneEveryMs,
  );
  logger.info({ version, socket: config.control.socket, mode: core.mode() }, 'sipwarden is up');

  return {
    reload: watching.reload,
    async stop() {
      watching.close();
      clearInterval(pruning);
      timer.stop();
      await Promise.all([control.close(), asteriskControl?.close()]);
      await started.stop();
      announcements.stop();
      geoip.stop();
      await core.stop();
      await store.close();
      logger.info('sipwarden has stopped');
    },
  };
}

/** Undefined where it is switched off. */
async function startConsole({ socket, asterisk_group: group }: ControlOptions, orders: Operations) {
  if (group === '') return undefined;
  return startAsteriskControl(
    { socket: runFolders(socket).asteriskSocket, group: findGroup(group) ?? 0 },
    orders,
  );
}

/** Runs until a signal ends it; SIGHUP reloads. */
export async function runDaemon(options: { readonly path?: string | undefined }): Promise<void> {
  const daemon = await startDaemon(options);
  process.on('SIGHUP', () => void daemon.reload().catch(() => undefined));
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await daemon.stop();
}
