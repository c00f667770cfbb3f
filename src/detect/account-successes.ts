// Who authenticated as which account from which address: a phone of ours asks many a thing without credentials too, and
// takes up many a challenge late.
import { createLru } from '../lib/lru.ts';
import type { AccountProbed, AuthenticationSucceeded } from '../model/observation.ts';

export interface AccountSuccesses {
  add(success: AuthenticationSucceeded): void;
  /** Whether somebody authenticated as that account from that address before or soon after. */
  has(probe: Pick<AccountProbed, 'source' | 'account' | 'time'>): boolean;
}

const kept = 16_384;

export function createAccountSuccesses(withinMs: number): AccountSuccesses {
  const times = createLru<string, number>(kept);
  return {
    add({ source, account, time }) {
      times.set(`${source.address} ${account}`, time);
    },
    has({ source, account, time }) {
      const succeeded = times.get(`${source.address} ${account}`);
      return succeeded !== undefined && Math.abs(time - succeeded) < withinMs;
    },
  };
}
