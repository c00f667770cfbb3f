// The limits that persons gave single sources. The kernel has a rule for each, so there are few of them.
import type { Network } from './model/address.ts';
import { SipwardenError } from './model/error.ts';
import type { SourceLimit } from './model/source-limit.ts';
import type { Store } from './store/store.ts';

/** Each costs every INVITE, TFTP request or packet of a stranger a look. */
const mostLimits = 64;

export interface SourceLimits {
  all(): readonly SourceLimit[];
  /** Rejects with LIMITS_FULL. Resolves when the kernel and the disk have it. */
  set(limit: SourceLimit): Promise<void>;
  /** How many there were of the target. */
  clear(target: Network): Promise<number>;
}

export interface SourceLimitsParts {
  readonly remembered: readonly SourceLimit[];
  readonly store: Pick<Store, 'saveLimit' | 'removeLimits'>;
  /** Makes the kernel agree. */
  onChange(): Promise<void>;
}

export function createSourceLimits({ remembered, store, onChange }: SourceLimitsParts): SourceLimits {
  const limits = new Map(remembered.map((each) => [keyOf(each), each]));
  return {
    all: () => [...limits.values()],
    async set(wanted) {
      const key = keyOf(wanted);
      if (!limits.has(key) && limits.size >= mostLimits) throw tooMany();
      limits.set(key, wanted);
      await Promise.all([onChange(), store.saveLimit(wanted)]);
    },
    async clear(target) {
      const found = [...limits].filter(([, each]) => each.target === target);
      for (const [key] of found) limits.delete(key);
      if (found.length > 0) await Promise.all([onChange(), store.removeLimits(target)]);
      return found.length;
    },
  };
}

function keyOf({ limit, target }: SourceLimit): string {
  return `${limit} ${target}`;
}

function tooMany(): SipwardenError {
  return new SipwardenError('LIMITS_FULL', `${mostLimits} sources have a limit of their own already`, {
    hint: 'put sources that you trust on the allowlist, which has no limits, or clear a limit',
  });
}
