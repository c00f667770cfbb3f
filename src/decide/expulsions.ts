// Who is put out of the PBX, and who never is: the question is asked anew for each call and each registration. What an
// offender earned since his first offence (a registration, a call) makes him no friend.
import { createLru } from '../lib/lru.ts';
import { contains, type Network } from '../model/address.ts';
import type { Decision, Untouchable } from '../model/decision.ts';
import type { Detection } from '../model/detection.ts';
import type { Expulsion } from '../model/expulsion.ts';
import type { Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { ExpulsionOptions } from './expulsion-options.ts';
import type { Protection } from './protection.ts';
import type { Shield } from './shield.ts';

export interface Expulsions {
  /** Takes up what a decision means for the PBX; tells whether there is anything to do there. */
  begin(decision: Decision, found?: Pick<Detection, 'firstTime' | 'evidence'>, attackId?: string): boolean;
  /** A success of somebody who is expelled earns no shield; true where it was one. */
  learn(observation: Observation): boolean;
  end(target: Network): void;
  isAny(now: Time): boolean;
  caller(address: string, now: Time): Expulsion | undefined;
  registrant(callId: string, now: Time): Expulsion | undefined;
}

export interface ExpulsionsParts {
  readonly options: () => ExpulsionOptions;
  readonly protection: Protection;
  readonly shield: Shield;
}

interface Offender extends Expulsion {
  readonly degree: 'compromised' | 'proven';
  /** What was earned since then does not count. */
  readonly since: Time;
  readonly until: Time;
  readonly callIds: Set<string>;
}

const most = 1_024;
const keptCallIds = 64;

export function createExpulsions({ options, protection, shield }: ExpulsionsParts): Expulsions {
  const offenders = createLru<Network, Offender>(most);

  const among = (
    what: 'hang_up' | 'remove_contact',
    now: Time,
    isMeant: (offender: Offender) => boolean,
  ): Offender | undefined => {
    const whom = options()[what];
    return [...offenders.values()].find(
      (each) => each.until > now && (whom === 'proven' || whom === each.degree) && isMeant(each),
    );
  };
  const isFair = ({ since }: Offender, target: Network, now: Time): boolean =>
    objectionTo(target, since, now, { protection, shield }) === undefined;
  /** A phone elsewhere registered under it too: whoever copies a Call-ID removes nobody's contact. */
  const isOfAnother = (callId: string, { target }: Offender, now: Time): boolean =>
    shield.entries(now).some((entry) => entry.callId === callId && !contains(target, entry.target));

  return {
    begin(decision, found, attackId) {
      const degree = degreeOf(decision);
      const { target, time, until = Number.POSITIVE_INFINITY } = decision;
      const { hang_up, remove_contact } = options();
      if (!degree || (hang_up !== 'proven' && remove_contact !== 'proven' && degree === 'proven'))
        return false;
      const known = offenders.get(target);
      offenders.set(target, {
        target,
        degree: known?.degree === 'compromised' ? 'compromised' : degree,
        since: Math.min(found?.firstTime ?? time, known?.since ?? time),
        until: Math.max(until, known?.until ?? 0),
        callIds: new Set([...(known?.callIds ?? []), ...(found?.evidence.callIds ?? [])]),
        ...(attackId !== undefined && { attackId }),
      });
      return true;
    },
    learn({ kind, proof, source, callId, time }) {
      if (offenders.size === 0 || kind !== 'authentication-succeeded' || proof.level === 'asserted')
        return false;
      const offender = [...offenders.values()].find(
        ({ target, until }) => until > time && contains(target, source.address),
      );
      if (!offender || !isFair(offender, source.address, time)) return false;
      if (callId !== undefined) offender.callIds.add(callId);
      const [oldest] = offender.callIds;
      if (offender.callIds.size > keptCallIds && oldest !== undefined) offender.callIds.delete(oldest);
      return true;
    },
    end(target) {
      for (const each of offenders.keys()) if (contains(target, each)) offenders.delete(each);
    },
    isAny: (now) =>
      offenders.size > 0 &&
      (among('hang_up', now, () => true) ?? among('remove_contact', now, () => true)) !== undefined,
    caller: (address, now) =>
      among('hang_up', now, (each) => contains(each.target, address) && isFair(each, address, now)),
    registrant: (callId, now) =>
      among(
        'remove_contact',
        now,
        (each) =>
          each.callIds.has(callId) && isFair(each, each.target, now) && !isOfAnother(callId, each, now),
      ),
  };
}

/** What forbids to put out whoever offended first at that time. */
export function objectionTo(
  target: Network,
  since: Time,
  now: Time,
  { protection, shield }: Pick<ExpulsionsParts, 'protection' | 'shield'>,
): Untouchable | undefined {
  const isEarnedBefore = () =>
    shield.covering(target, now).some(({ kind, since: earned }) => kind === 'trunk' || earned < since);
  return protection.against(target, now).find(({ because }) => because !== 'shielded' || isEarnedBefore());
}

function degreeOf({ action, cause, enforced }: Decision): Offender['degree'] | undefined {
  if (!enforced || cause.kind !== 'detection' || cause.proof !== 'proven') return undefined;
  if (action === 'expel') return 'compromised';
  return action === 'ban' ? 'proven' : undefined;
}
