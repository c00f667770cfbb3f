// The enforcer that the configuration asks for, behind the guard and the reconciler.

import { type AclSettings, createAclLayer } from './acl-layer.ts';
import type { Config } from './config.ts';
import { removeAclFile } from './enforce/acl-file.ts';
import { createBackEndChoice } from './enforce/back-end-choice.ts';
import { createBanCheck, type Passage } from './enforce/ban-check.ts';
import { cuttingConnections } from './enforce/connection-cutter.ts';
import { createDryRunEnforcer } from './enforce/dry-run.ts';
import { compareEveryMs, watchFirewall } from './enforce/firewall-watch.ts';
import { createForeignChanges } from './enforce/foreign-changes.ts';
import { guarded } from './enforce/guard.ts';
import { checkGuests } from './enforce/guest-bridges.ts';
import { createIpsetEnforcer } from './enforce/ipset.ts';
import { joinLayers } from './enforce/layers.ts';
import { createNftablesEnforcer } from './enforce/nftables.ts';
import { createReconciler, type Reconciler } from './enforce/reconciler.ts';
import type { RuleSettings } from './enforce/rule-settings.ts';
import { testEnforcer } from './enforce/self-test.ts';
import { createSendingWatch } from './enforce/sending-watch.ts';
import { createSetOnlyEnforcer } from './enforce/set-only.ts';
import type { Logger } from './lib/logger.ts';
import { limitSettings } from './limit-settings.ts';
import type { Alarms } from './model/alarm.ts';
import type { Untouchable } from './model/decision.ts';
import type { Enforcer, Entry, HeldEntry, Layer, Place } from './model/enforcer.ts';
import { messageOf } from './model/error.ts';
import type { PbxAcl } from './model/pbx-acl.ts';
import type { SourceLimit } from './model/source-limit.ts';
import type { Time } from './model/time.ts';

/** What makes one firewall another. */
export interface FirewallSettings {
  readonly backend: Config['firewall']['backend'];
  readonly rules: RuleSettings;
  readonly acl: AclSettings;
}

export interface Firewall {
  readonly settings: FirewallSettings;
  /** Of its first layer, which answers for it. */
  readonly enforcer: Enforcer;
  /** Of all layers. */
  readonly reconciler: Reconciler;
  readonly layers: () => readonly Layer[];
  /** Whether a ban reaches the kernel, and guests are seen; an alarm where it is not so. */
  test(): Promise<void>;
  /** Somebody who is banned got through. */
  passed(passage: Passage): void;
  /** How often others had changed what is ours, and it was repaired. */
  repairs(): number;
  /** Ends what runs for us; with `keep_bans_on_stop` the kernel stays as it is, and bans run out by themselves. */
  close(options: { keepBans: boolean }): Promise<void>;
}

export interface FirewallParts {
  readonly settings: FirewallSettings;
  readonly protectionsOf: (entry: Entry) => readonly Untouchable[];
  /** The kernel was read: what it holds; and of who is blocked and ends before `by`, who is still sending. */
  readonly onRead: (held: readonly HeldEntry[], by: Time, isSending: (place: Place) => boolean) => void;
  readonly pbx: PbxAcl;
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
}

/** The kernel's firewall and, where it is wanted, the ACL of Asterisk behind it; or that ACL alone. */
export function createFirewall({ pbx, ...parts }: FirewallParts): Firewall {
  const { settings, protectionsOf, alarms, logger, now } = parts;
  const acl = createAclLayer({ settings: settings.acl, pbx, protectionsOf, alarms, logger, now });
  if (acl && settings.acl.role === 'alone') {
    return {
      settings,
      ...acl,
      layers: () => [layerOf(acl)],
      test: async () => undefined,
      passed() {},
      repairs: () => 0,
    };
  }
  const kernel = createKernelFirewall(parts);
  if (!acl) return kernel;
  return {
    ...kernel,
    reconciler: joinLayers(kernel.reconciler, [acl.reconciler]),
    layers: () => [...kernel.layers(), ...(settings.acl.role === 'second' ? [layerOf(acl)] : [])],
    async close(options) {
      const closing = acl.close(options).catch((error) => {
        logger.warn({ reason: messageOf(error) }, 'the ACL of Asterisk could not be taken down');
      });
      await Promise.all([kernel.close(options), closing]);
    },
  };
}

function layerOf({ enforcer, reconciler }: Pick<Firewall, 'enforcer' | 'reconciler'>): Layer {
  return {
    name: enforcer.backEnd().name,
    pending: reconciler.pending().length,
    notices: enforcer.notices(),
  };
}

function createKernelFirewall({
  settings,
  protectionsOf,
  onRead,
  ...parts
}: Omit<FirewallParts, 'pbx'>): Firewall {
  const { alarms, logger, now } = parts;
  const blocking = createEnforcer(settings, logger, now);
  const sending = createSendingWatch();
  const cutting = cuttingConnections(blocking, { ports: settings.rules, logger });
  const enforcer = guarded(settings.backend === 'dry-run' ? blocking : cutting, protectionsOf);
  const foreignChanges = createForeignChanges({ alarms, logger });
  const reconciler = createReconciler({
    enforcer,
    onRepaired: foreignChanges.report,
    onRead(held) {
      // Nobody is let in before his counter was read twice.
      sending.read(held, now() + 3 * compareEveryMs);
      onRead(held, now() + 1.5 * compareEveryMs, sending.isSending);
    },
    alarms,
    now,
    logger,
  });
  const stopWatching = watchFirewall({ enforcer, reconciler });
  const banCheck = createBanCheck({ rules: settings.rules, repair: reconciler.repair, alarms, now });
  return {
    settings,
    enforcer,
    reconciler,
    layers: () => [layerOf({ enforcer, reconciler })],
    async test() {
      await testEnforcer({ enforcer, alarms, now });
      const withAnswers = enforcer.backEnd().name !== 'nftables';
      await checkGuests(settings.rules.guests, { alarms, withAnswers });
    },
    passed: banCheck.passed,
    repairs: foreignChanges.count,
    async close({ keepBans }) {
      banCheck.stop();
      stopWatching();
      foreignChanges.stop();
      await reconciler.stop();
      if (!keepBans) await enforcer.teardown();
      await enforcer.close();
    },
  };
}

function createEnforcer({ backend, rules }: FirewallSettings, logger: Logger, now: () => Time): Enforcer {
  const makers = {
    ipset: () => createIpsetEnforcer({ rules, now, logger }),
    nftables: () => createNftablesEnforcer({ rules, now }),
    'set-only': () => createSetOnlyEnforcer({ rules, now }),
    // Of it nothing is in the kernel.
    'asterisk-acl': () => createDryRunEnforcer({ now }),
    'dry-run': () => createDryRunEnforcer({ now }),
  };
  const names = backend === 'auto' ? (['ipset', 'nftables'] as const) : [backend];
  const others = mayHaveBeen[backend];
  return createBackEndChoice({
    candidates: names.map((name) => makers[name]()),
    others: others.map((name) => makers[name]()),
    logger,
  });
}

/** Takes everything of ours out of the kernel, and the ACL's file away; Asterisk has to be told by somebody else. */
export async function teardownFirewall(
  settings: FirewallSettings,
  logger: Logger,
  now: () => Time,
): Promise<void> {
  const enforcer = createEnforcer(settings, logger, now);
  await enforcer.teardown();
  await enforcer.close();
  await removeAclFile(settings.acl.file);
}

/** Whose members and rules may be in the kernel beside its own. `ipset` and `set-only` have the same sets. */
const mayHaveBeen = {
  auto: [],
  ipset: ['nftables'],
  nftables: ['ipset'],
  'set-only': ['nftables'],
  'asterisk-acl': [],
  'dry-run': [],
} as const;

export function firewallSettings(config: Config, own: readonly SourceLimit[] = []): FirewallSettings {
  return { backend: config.firewall.backend, rules: ruleSettings(config, own), acl: aclSettings(config) };
}

function aclSettings({ firewall, asterisk_acl: { enabled, file, max_entries } }: Config): AclSettings {
  const role = firewall.backend === 'asterisk-acl' ? 'alone' : enabled ? 'second' : 'unused';
  return { role, file, max_entries };
}

/** While observing, the kernel drops nothing by itself. */
function ruleSettings(
  { mode, protect, capture, firewall, limit }: Config,
  own: readonly SourceLimit[],
): RuleSettings {
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
    limits: isBlocking ? limitSettings(limit, own) : [],
  };
}
