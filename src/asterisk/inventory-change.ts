// What an AMI event says may have changed. Callers write parts of these events, line breaks included, so nothing is taken
// from them but that something is to be read again, and the name of a channel to ask about.
import type { AmiMessage } from './ami-message.ts';
import { endpointOf } from './call-channels.ts';

export type InventoryChange =
  | { readonly kind: 'contacts' | 'trunks' | 'booted' }
  /** `call`: answered or over; `call-begun`: not answered yet. */
  | { readonly kind: 'call' | 'call-begun'; readonly channel: string };

const up = '6';

export function changeOf({ kind, name, headers }: AmiMessage): InventoryChange | undefined {
  if (kind !== 'event') return undefined;
  const { Channel: channel = '', ChannelState: state } = headers;
  switch (name) {
    case 'ContactStatus':
      return { kind: 'contacts' };
    case 'Reload':
      return { kind: 'trunks' };
    case 'FullyBooted':
      return { kind: 'booted' };
    case 'Newchannel':
      return endpointOf(channel) !== undefined ? { kind: 'call-begun', channel } : undefined;
    case 'Newstate':
      return state === up && endpointOf(channel) !== undefined ? { kind: 'call', channel } : undefined;
    case 'Hangup':
      return endpointOf(channel) !== undefined ? { kind: 'call', channel } : undefined;
    default:
      return undefined;
  }
}
