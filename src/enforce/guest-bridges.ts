// Guests on a bridge of this host: netfilter sees their packets only where the kernel hands it bridged ones.
import { z } from 'zod';
import type { Alarms } from '../model/alarm.ts';
import { firewallCommand } from './firewall-command.ts';
import { iptablesOf } from './iptables-rules.ts';
import type { Family } from './kernel-sets.ts';

export interface GuestBridges {
  /** Whether the chains of this family see packets that are bridged. */
  seesBridged(family: Family): Promise<boolean>;
  /** Interfaces of the guests that are ports of a bridge. `guests` as in the configuration, `vnet+` among them. */
  bridged(guests: readonly string[]): Promise<readonly string[]>;
}

const links = z.array(z.object({ ifname: z.string().optional() }));

/** Without the module br_netfilter, or without `ip` (iproute2), there is nothing to see. */
export function createGuestBridges(commandPrefix: readonly string[] = []): GuestBridges {
  const output = async (argv: readonly string[]): Promise<string> => {
    try {
      return (await firewallCommand([...commandPrefix, ...argv])).stdout;
    } catch {
      return '';
    }
  };
  return {
    async seesBridged(family) {
      // Read by a program, as the rules are made by one: the network namespace is theirs.
      const path = `/proc/sys/net/bridge/bridge-nf-call-${iptablesOf[family]}`;
      return (await output(['cat', path])).trim() === '1';
    },
    async bridged(guests) {
      if (guests.length === 0) return [];
      const listing = await output(['ip', '-j', 'link', 'show', 'type', 'bridge_slave']);
      const names = links.parse(JSON.parse(listing || '[]')).flatMap(({ ifname }) => ifname ?? []);
      return names.filter((name) => guests.some((guest) => isMatched(name, guest)));
    },
  };
}

/** As iptables does with `-i`: a `+` at the end stands for anything. */
function isMatched(name: string, guest: string): boolean {
  return guest.endsWith('+') ? name.startsWith(guest.slice(0, -1)) : name === guest;
}

const alarmCode = 'GUESTS_UNSEEN';

/** Says loudly where guests cannot be protected. `withAnswers`: whether the back end can tell what they answer. */
export async function checkGuests(
  guests: readonly string[],
  { alarms, withAnswers }: { readonly alarms: Alarms; readonly withAnswers: boolean },
  bridges: GuestBridges = createGuestBridges(),
): Promise<void> {
  const names = (await bridges.bridged(guests)).join(', ');
  if (names === '') return alarms.clear(alarmCode);
  if (!(await bridges.seesBridged(4))) {
    alarms.raise(
      alarmCode,
      `the guests behind ${names} are on a bridge whose packets the firewall does not see: they are not protected`,
      'load br_netfilter and set net.bridge.bridge-nf-call-iptables = 1 (and -ip6tables), after a look at what your own FORWARD rules then do to bridged packets; or route to the guests',
    );
  } else if (!withAnswers) {
    alarms.raise(
      alarmCode,
      `what the guests behind ${names} answer is not seen: nftables does not tell the ports of a bridge apart`,
      'set [firewall] backend = "ipset"',
    );
  } else alarms.clear(alarmCode);
}
