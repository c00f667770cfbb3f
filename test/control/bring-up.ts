// The orders of a running sipwarden without its programs: the real sockets, the real store, a dry-run firewall.
import { join } from 'node:path';
import { type Config, configSchema } from '../../src/config-schema.ts';
import { callDaemon } from '../../src/control/client.ts';
import { startAsteriskControl, startControl } from '../../src/control/server.ts';
import { createCore } from '../../src/core.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { ListDns } from '../../src/list-names.ts';
import { recall } from '../../src/recall.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { openStore } from '../../src/store/store.ts';
import { geographyOf } from '../geographies.ts';
import { noPbx } from '../no-pbx.ts';

export const now = () => Date.now();
const logger = createLogger('silent', 'test');
export const office = '203.0.113.66';
export const origin = { country: 'DE', autonomousSystem: { number: 64_496, name: 'Example' } };
const geography = geographyOf({ [office]: origin });

export interface Changed {
  readonly mode?: 'observe' | 'enforce';
  readonly control?: Record<string, unknown>;
  readonly shield?: Record<string, unknown>;
  readonly decide?: Record<string, unknown>;
}

export async function bringUp(directory: string, changed: Changed = {}, dns?: ListDns) {
  const configured = (some: Changed): Config => ({
    ...configSchema.parse({ firewall: { backend: 'dry-run' }, ...some }),
    signatures: [],
  });
  const config = configured(changed);
  const alarms = createAlarmBoard({ logger, now });
  const store = await openStore({ directory, now, logger, alarms });
  const memory = await recall(store, now(), 0);
  const ownAddresses = () => ['198.51.100.1'];
  const core = createCore({
    ...{ config, store, memory, alarms, logger, now, ownAddresses, geography },
    ...(dns && { dns }),
    pbxAcl: noPbx,
    expel: () => {},
  });
  await core.start();
  const orders = core.orders({
    status: async () => Promise.reject(new Error('not asked here')),
    reload: async () => ({ files: [] }),
  });
  const socket = join(directory, 'control.sock');
  const control = await startControl({ ...config.control, socket }, orders);
  const asteriskSocket = join(directory, 'asterisk/control.sock');
  const asteriskControl = await startAsteriskControl({ ...config.control, socket: asteriskSocket }, orders);
  const close = () => Promise.all([control.close(), asteriskControl.close()]);
  return {
    core,
    alarms,
    pipeline: core.pipeline,
    enforcer: core.firewall().enforcer,
    socket,
    asteriskSocket,
    orders,
    configure: (some: Changed, options?: object) => core.configure(configured(some), options),
    get: (path: string) => callDaemon(socket, 'GET', path),
    post: (path: string, order: object, onProgress?: (progress: unknown) => void) =>
      callDaemon(socket, 'POST', path, order, onProgress),
    /** As if the machine lost its power: nothing is tidied up. */
    async crash() {
      core.lists.stop();
      await close();
      await store.close();
    },
    async stop() {
      await close();
      await core.stop();
      await store.close();
    },
  };
}
