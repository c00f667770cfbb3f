// More packets from one source than anybody honest sends: limited, told, never banned for it.
import { defineLimitDetector } from './limit-excess.ts';

export const packetFlood = defineLimitDetector({
  name: 'packet-flood',
  limit: 'packets',
  summary: 'more packets from one source than [limit] lets a stranger send',
  what: 'times over the limit of packets',
});
