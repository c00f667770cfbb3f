// Weak evidence that counts only beside other evidence of the same source: what an honest program may look like, together
// with more requests that never authenticate than such a one sends.
import type { Network } from '../model/address.ts';
import type { Detection, ProofLevel } from '../model/detection.ts';
import type { AccountProbed, SignatureMatch } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createEvidenceWindow, type EvidenceWindow } from './evidence-window.ts';
import { createSourceTable } from './source-table.ts';
import type { ThresholdParts } from './threshold.ts';

export interface Suspicion {
  /** The weak evidence. */
  suspect(match: SignatureMatch): Detection | undefined;
  /** The other. */
  add(probe: AccountProbed): Detection | undefined;
  forget(source: Network): void;
}

interface Suspect {
  readonly probes: EvidenceWindow;
  probedAt: Time;
  /** The latest match whose proof is at least of that level. */
  readonly matches: Partial<Record<ProofLevel, SignatureMatch>>;
}

/** A detection is proven where the probes and a match are, each by itself. */
export function createSuspicion({ name, context, withinMs, what, limit }: ThresholdParts): Suspicion {
  const suspects = createSourceTable<Suspect>({
    name: `${name} weak`,
    context,
    create: (before) => ({
      probes: createEvidenceWindow(withinMs, limit + 1, before),
      probedAt: before?.lastTime ?? Number.NEGATIVE_INFINITY,
      matches: {},
    }),
    fade: ({ probes }) => probes.fade(),
  });
  const find = ({ source, proof }: SignatureMatch | AccountProbed) => {
    const network = context.sourceOf(source.address);
    return { network, suspect: suspects.of(network, proof) };
  };

  function judge(source: Network, { probes, probedAt, matches }: Suspect): Detection | undefined {
    const isNear = (match: SignatureMatch | undefined) =>
      match !== undefined && Math.abs(match.time - probedAt) < withinMs;
    const exceeded = isNear(matches.asserted) ? probes.exceeds(limit) : undefined;
    if (!exceeded || !matches.asserted) return undefined;
    const proof = exceeded === 'proven' && isNear(matches.proven) ? 'proven' : 'asserted';
    const { value, time } = matches[proof] ?? matches.asserted;
    const found = { attack: name, source, proof, time: Math.max(time, probedAt) } as const;
    return probes.detection(found, what, limit, { values: [value] });
  }

  return {
    suspect(match) {
      const { network, suspect } = find(match);
      suspect.matches.asserted = match;
      if (match.proof.level === 'proven') suspect.matches.proven = match;
      return judge(network, suspect);
    },
    add(probe) {
      const { network, suspect } = find(probe);
      suspect.probes.add(probe);
      suspect.probedAt = Math.max(suspect.probedAt, probe.time);
      return judge(network, suspect);
    },
    forget: suspects.forget,
  };
}
