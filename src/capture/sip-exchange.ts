// What an answer of ours has in common with the request it answers, and what both are remembered under.
import type { Address } from '../model/address.ts';
import type { Observation } from '../model/observation.ts';
import { headerText, type SipScan } from './sip-scan.ts';

/** What every observation about one request says: who, when, to whom, over what, with which proof. */
export type Seen = Pick<
  Observation,
  'time' | 'sensor' | 'transport' | 'source' | 'local' | 'proof' | 'callId' | 'messages'
>;

/** Hands an observation on, unless there are too many of its kind. */
export type Emit = (observation: Observation) => void;

/**
 * The client's address (the packet's, of the request the source, of the answer the destination), Call-ID and CSeq. Not
 * the port: without `rport` the answer goes to the one that the client's Via names (RFC 3261 §18.2.2).
 */
export function exchangeKey(client: Address, scan: SipScan): string {
  const [, digits = '', method = ''] = /^(\d*)\s*(\S*)/.exec(headerText(scan, 'cseq'))!;
  return `${client} ${toUint32(digits)} ${method.toUpperCase()} ${headerText(scan, 'call-id')}`;
}

/** As pjsip reads and then answers it: without leading zeros, and over 32 bits it wraps. */
function toUint32(digits: string): number {
  let value = 0;
  for (let index = 0; index < digits.length; index += 1) {
    value = (Math.imul(value, 10) + digits.charCodeAt(index) - 48) >>> 0;
  }
  return value;
}
