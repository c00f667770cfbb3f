// The attack log: detections of one source and one kind, grouped into one record that grows while they go on.
import { createLru } from '../lib/lru.ts';
import type { Attack } from '../model/attack.ts';
import type { Decision } from '../model/decision.ts';
import type { Detection } from '../model/detection.ts';
import type { PbxAct } from '../model/expulsion.ts';
import type { Geography, Origin } from '../model/geography.ts';

/** A source that was quiet for so long begins a new record. Milliseconds. */
const quietMs = 600_000;
const maxGrowing = 2_048;
/** What was done at the PBX in one attack; the latest are kept. */
const maxActs = 32;

export interface AttackLog {
  /** The record as it stands after this detection and the decision that holds for it. */
  record(detection: Detection, decision: Decision): Attack;
  /** The record with this act in it; undefined where it does not grow any more. */
  act(id: string, act: PbxAct): Attack | undefined;
  growing(): readonly Attack[];
}

export function createAttackLog(newId: () => string, { originOf }: Geography): AttackLog {
  const attacks = createLru<string, Attack>(maxGrowing);

  return {
    record(detection, decision) {
      const key = `${detection.source} ${detection.attack}`;
      const known = attacks.get(key);
      const isSame = known !== undefined && detection.time - known.lastTime < quietMs;
      const origin = originOf(detection.source);
      const attack = merge(isSame ? known : undefined, detection, decision, origin, newId);
      attacks.set(key, attack);
      return attack;
    },
    act(id, act) {
      const [key, known] = [...attacks.entries()].find(([, each]) => each.id === id) ?? [];
      if (key === undefined || !known) return undefined;
      const attack = { ...known, acts: [...(known.acts ?? []), act].slice(-maxActs) };
      attacks.set(key, attack);
      return attack;
    },
    growing: () => [...attacks.values()],
  };
}

function merge(
  known: Attack | undefined,
  detection: Detection,
  decision: Decision,
  origin: Origin,
  newId: () => string,
): Attack {
  const isProven = known?.proof === 'proven' || detection.proof === 'proven';
  return {
    id: known?.id ?? newId(),
    source: detection.source,
    ...origin,
    attack: detection.attack,
    proof: isProven ? 'proven' : 'asserted',
    firstTime: Math.min(known?.firstTime ?? detection.firstTime, detection.firstTime),
    lastTime: Math.max(known?.lastTime ?? detection.time, detection.time),
    messages: Math.max(known?.messages ?? 0, detection.messages),
    victims: detection.victims,
    evidence: detection.evidence,
    action: decision.action,
    ...(decision.until !== undefined && { until: decision.until }),
    reason: decision.reason,
    ...(known?.acts && { acts: known.acts }),
  };
}
