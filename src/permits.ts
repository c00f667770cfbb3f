// What stands against a person's order to block somebody, and what force may overrule: that begins a change which must be
// confirmed.
import type { Changes } from './changes.ts';
import { contains, type Network } from './model/address.ts';
import type { Change } from './model/change.ts';
import type { Untouchable } from './model/decision.ts';
import { SipwardenError } from './model/error.ts';
import type { ListTarget } from './model/list-entry.ts';
import type { Time } from './model/time.ts';
import type { Pipeline } from './pipeline.ts';

export interface ForcedOrder {
  readonly by: string;
  /** Where the session is that gives it, if that is known. */
  readonly from?: string | undefined;
  readonly force: boolean;
}

export type Objection = Untouchable & { readonly isFinal: boolean };

export interface Permits {
  /** All that stands against it, the strongest first; what no force overrules is final. */
  objections(kind: Change['kind'], networks: readonly Network[], from?: string): readonly Objection[];
  /** Refuses an order against what must not be blocked, with ORDER_REFUSED; one that is forced begins a change. */
  permit(
    kind: Change['kind'],
    target: ListTarget,
    networks: readonly Network[],
    order: ForcedOrder,
  ): Promise<Change | undefined>;
  /** For one that was asked before. */
  begin(
    kind: Change['kind'],
    target: ListTarget,
    objections: readonly Objection[],
    order: ForcedOrder,
  ): Promise<Change>;
}

export interface PermitsParts {
  readonly pipeline: Pick<Pipeline, 'objections'>;
  readonly changes: Changes;
  /** How long a change waits for its confirmation. Milliseconds. */
  readonly confirmWithin: () => number;
  readonly now: () => Time;
}

export function createPermits({ pipeline, changes, confirmWithin, now }: PermitsParts): Permits {
  const objections: Permits['objections'] = (kind, networks, from) => {
    const time = now();
    return networks
      .flatMap((network) => [...pipeline.objections(network, time), ...ownSession(network, from)])
      .filter(({ because }) => kind !== 'deny' || because !== 'allowlisted');
  };
  const begin: Permits['begin'] = (kind, target, against, { by }) => {
    const time = now();
    const hits = against.map(({ because, detail }) => `${because}: ${detail}`);
    return changes.begin({ kind, target, by, time, until: time + confirmWithin(), hits });
  };
  return {
    objections,
    begin,
    async permit(kind, target, networks, order) {
      const against = objections(kind, networks, order.from);
      const [objection] = against;
      if (!objection) return undefined;
      const final = against.find(({ isFinal }) => isFinal);
      if (final || !order.force) throw refusal(target, final ?? objection);
      return begin(kind, target, against, order);
    },
  };
}

/** The order came from there: whoever gives it would cut himself off. */
function ownSession(target: Network, from: string | undefined): readonly Objection[] {
  if (from === undefined || !contains(target, from)) return [];
  return [{ because: 'administrator', detail: `your own session comes from ${from}`, isFinal: false }];
}

function refusal(target: ListTarget, { because, detail }: Untouchable): SipwardenError {
  const insist = 'add --force if it must be; it is undone unless you then say "sipwarden confirm"';
  const cures = {
    own: 'name the address of the other side',
    reserved: 'name the address of the other side',
    allowlisted: `take it off first: sipwarden allow remove ${target}`,
    administrator: insist,
    gateway: insist,
    shielded: insist,
    'in-use': insist,
  } as const;
  return new SipwardenError('ORDER_REFUSED', `${target} is not blocked: ${because}, ${detail}`, {
    hint: cures[because],
  });
}
