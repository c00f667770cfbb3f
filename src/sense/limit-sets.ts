// Who went over a limit, read from the kernel's own sets: for where nobody reads the packets that it logs of an excess.
// The sets tell neither the transport nor whom he sent to.
import { isIPv6, type Network } from '../model/address.ts';
import { type HeldEntry, isLimit, type LimitName, type Place } from '../model/enforcer.ts';
import { asserted, type LimitExceeded } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

/** One of each source that the kernel slows and `slowed`, what we decided ourselves, does not name. */
export function excessesIn(
  held: readonly HeldEntry[],
  slowed: readonly Place[],
  time: Time,
): readonly LimitExceeded[] {
  const decided = new Set(slowed.map(({ set, target }) => `${set} ${target}`));
  return held.flatMap(({ set, target }) =>
    isLimit(set) && !decided.has(`${set} ${target}`) ? observationOf(set, target, time) : [],
  );
}

function observationOf(limit: LimitName, target: Network, time: Time): LimitExceeded {
  const [address = ''] = target.split('/');
  return {
    kind: 'limit-exceeded',
    ...{ limit, time, sensor: 'packets', transport: 'udp', proof: asserted, messages: 1 },
    source: { address, port: 0 },
    local: { address: isIPv6(address) ? '::' : '0.0.0.0', port: 0 },
  };
}
