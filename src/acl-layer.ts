// Asterisk's own ACL as a layer of the firewall: behind the guard and a reconciler of its own, so that a PBX that cannot be
// reached holds up nobody.
import { existsSync } from 'node:fs';
import type { AclOptions } from './enforce/acl-options.ts';
import { aclSets } from './enforce/acl-rules.ts';
import { createAsteriskAcl } from './enforce/asterisk-acl.ts';
import { watchFirewall } from './enforce/firewall-watch.ts';
import { guarded } from './enforce/guard.ts';
import { onlyFor } from './enforce/layers.ts';
import { createReconciler, type Reconciler } from './enforce/reconciler.ts';
import type { Logger } from './lib/logger.ts';
import type { Alarms } from './model/alarm.ts';
import type { Untouchable } from './model/decision.ts';
import type { Enforcer, Entry } from './model/enforcer.ts';
import type { PbxAcl } from './model/pbx-acl.ts';
import type { Time } from './model/time.ts';

export interface AclSettings extends Omit<AclOptions, 'enabled' | 'section'> {
  /** `unused`: whoever is still in it from before is let go. */
  readonly role: 'alone' | 'second' | 'unused';
}

export interface AclLayer {
  readonly enforcer: Enforcer;
  readonly reconciler: Reconciler;
  close(options: { keepBans: boolean }): Promise<void>;
}

export interface AclLayerParts {
  readonly settings: AclSettings;
  readonly pbx: PbxAcl;
  readonly protectionsOf: (entry: Entry) => readonly Untouchable[];
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
}

/** Undefined where there is no ACL, and none was there before. */
export function createAclLayer({ settings, protectionsOf, ...parts }: AclLayerParts): AclLayer | undefined {
  const isUsed = settings.role !== 'unused';
  if (!isUsed && !existsSync(settings.file)) return undefined;
  const enforcer = guarded(createAsteriskAcl({ settings, ...parts }), protectionsOf);
  const reconciler = createReconciler({
    enforcer,
    alarmCode: 'ACL_PENDING',
    onRepaired: (damage) => parts.logger.info({ damage }, 'the ACL of Asterisk was put right'),
    ...parts,
  });
  const stopWatching = watchFirewall({ enforcer, reconciler });
  return {
    enforcer,
    reconciler: onlyFor(isUsed ? aclSets : [], reconciler),
    async close({ keepBans }) {
      stopWatching();
      await reconciler.stop();
      if (!keepBans) await enforcer.teardown();
      await enforcer.close();
    },
  };
}
