// The enforcer that the configuration asks for, behind the guard and the reconciler.

import type { Config } from './config.ts';
import { createDryRunEnforcer } from './enforce/dry-run.ts';
import { guarded } from './enforce/guard.ts';
import { createIpsetEnforcer } from './enforce/ipset.ts';
import type { LimitOptions } from './enforce/limit-options.ts';
import { createReconciler, type Reconciler } from './enforce/reconciler.ts';
import type { LimitSettings, RuleSettings } from './enforce/rule-settings.ts';
import type { Logger } from './lib/logger.ts';
import type { Alarms } from './model/alarm.ts';
import type { Untouchable } from './model/decision.ts';
import type { Enforcer, Entry } from './model/enforcer.ts';
import type { Time } from './model/time.ts';

/** What makes one firewall another. */
export interface FirewallSettings {
  readonly backend: Config['firewall']['backend'];
  readonly rules: RuleSettings;
}

export interface Firewall {
  readonly settings: FirewallSettings;
  readonly enforcer: Enforcer;
  readonly reconciler: Reconciler;
  /** Ends what runs for us; with `keep_bans_on_stop` the kernel stays as it is, and bans run out by themselves. */
  close(options: { keepBans: boolean }): Promise<void>;
}

export interface FirewallParts {
  readonly settings: FirewallSettings;
  readonly protectionsOf: (entry: Entry) => readonly Untouchable[];
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
}

export function createFirewall({ settings, protectionsOf, alarms, logger, now }: FirewallParts): Firewall {
  const enforcer = guarded(createEnforcer(settings, logger, now), protectionsOf);
  const reconciler = createReconciler({ enforcer, alarms, now, logger });
  return {
    settings,
    enforcer,
    reconciler,
    async close({ keepBans }) {
      await reconciler.stop();
      if (!keepBans) await enforcer.teardown();
      await enforcer.close();
    },
  };
}

export function createEnforcer(
  { backend, rules }: FirewallSettings,
  logger: Logger,
  now: () => Time,
): Enforcer {
  if (backend === 'dry-run') return createDryRunEnforcer({ now });
  return createIpsetEnforcer({ rules, now, logger });
}

export function firewallSettings(config: Config): FirewallSettings {
  return { backend: config.firewall.backend, rules: ruleSettings(config) };
}

/** While observing, the kernel drops nothing by itself. */
function ruleSettings({ mode, protect, capture, firewall, limit }: Config): RuleSettings {
  const isBlocking = mode === 'enforce';
  return {
    udpPorts: protect.udp,
    tcpPorts: protect.tcp,
    tftpPorts: protect.tftp,
    banScope: firewall.ban_scope,
    guests: protect.guests,
    nflogGroup: capture.nflog_group,
    logLimitPerSecond: firewall.log_limit_per_second,
    hotTexts: isBlocking ? firewall.hot_signatures : [],
    limits: isBlocking ? limitSettings(limit) : [],
  };
}

function limitSettings(options: LimitOptions): readonly LimitSettings[] {
  const invite: LimitSettings = {
    name: 'invite',
    perMinute: 60 * options.invite_per_second,
    burst: options.invite_burst,
    slowedPerMinute: options.invite_slowed_per_minute,
    slowedForSeconds: Math.ceil(options.invite_slowed_for / 1_000),
    exceptions: [],
  };
  const tftp: LimitSettings = {
    name: 'tftp',
    perMinute: options.tftp_per_minute,
    burst: options.tftp_per_minute,
    slowedPerMinute: options.tftp_slowed_per_minute,
    slowedForSeconds: Math.ceil(options.tftp_slowed_for / 1_000),
    exceptions: [],
  };
  return [invite, tftp].filter(({ perMinute }) => perMinute > 0);
}
