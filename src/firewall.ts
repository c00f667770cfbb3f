// The enforcer that the configuration asks for, behind the guard and the reconciler.

import type { Config } from './config.ts';
import { createDryRunEnforcer } from './enforce/dry-run.ts';
import { guarded } from './enforce/guard.ts';
import { createIpsetEnforcer } from './enforce/ipset.ts';
import { createReconciler, type Reconciler } from './enforce/reconciler.ts';
import type { Logger } from './lib/logger.ts';
import type { Alarms } from './model/alarm.ts';
import type { Untouchable } from './model/decision.ts';
import type { Enforcer, Entry } from './model/enforcer.ts';
import type { Time } from './model/time.ts';

export interface Firewall {
  readonly enforcer: Enforcer;
  readonly reconciler: Reconciler;
  /** Ends what runs for us; with `keep_bans_on_stop` the kernel stays as it is, and bans run out by themselves. */
  close(options: { keepBans: boolean }): Promise<void>;
}

export interface FirewallParts {
  readonly config: Config;
  readonly protectionsOf: (entry: Entry) => readonly Untouchable[];
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
}

export function createFirewall({ config, protectionsOf, alarms, logger, now }: FirewallParts): Firewall {
  const enforcer = guarded(createEnforcer(config, logger, now), protectionsOf);
  const reconciler = createReconciler({ enforcer, alarms, now, logger });
  return {
    enforcer,
    reconciler,
    async close({ keepBans }) {
      await reconciler.stop();
      if (!keepBans) await enforcer.teardown();
      await enforcer.close();
    },
  };
}

export function createEnforcer(config: Config, logger: Logger, now: () => Time): Enforcer {
  if (config.firewall.backend === 'dry-run') return createDryRunEnforcer({ now });
  const rules = {
    udpPorts: config.protect.udp,
    tcpPorts: config.protect.tcp,
    nflogGroup: config.capture.nflog_group,
    logLimitPerSecond: config.firewall.log_limit_per_second,
  };
  return createIpsetEnforcer({ rules, now, logger });
}
