// Finds answers of ours that left to another address than their request came from: a Via can ask for that (RFC 3261
// §18.2.2, maddr), and Asterisk obeys.
import { LRUCache } from 'lru-cache';
import type { Peer } from '../model/address.ts';
import { ownText } from './foreign-text.ts';
import type { WireMessage } from './packet.ts';
import { headerBytes, type SipScan } from './sip-scan.ts';

/** Requests that ask for it and are remembered until they are answered; no honest peer makes one. */
const requestLimit = 1_024;

export interface Diversions {
  request(message: WireMessage, sip: SipScan, callId: string): void;
  /** Where the request that this answers came from, if that is another address than it leaves to. Told once a request. */
  claimedBy(answer: WireMessage, callId: string): Peer | undefined;
}

export function createDiversions(): Diversions {
  const requests = new LRUCache<string, Peer>({ max: requestLimit });
  return {
    request({ transport, source }, sip, callId) {
      if (transport === 'udp' && /;\s*maddr\s*=/i.test(headerBytes(sip, 'via')))
        requests.set(ownText(callId), source);
    },
    claimedBy({ destination }, callId) {
      const source = requests.size === 0 ? undefined : requests.get(callId);
      if (!source || source.address === destination.address) return undefined;
      requests.delete(callId);
      return source;
    },
  };
}
