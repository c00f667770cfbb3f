// What an answer of ours has in common with the request it answers, and what both are remembered under.
import type { Address } from '../model/address.ts';
import type { Observation } from '../model/observation.ts';
import { headerBytes, headerText, type SipScan } from './sip-scan.ts';

/** What every observation about one request says: who, when, to whom, over what, with which proof. */
export type Seen = Pick<
  Observation,
  'time' | 'sensor' | 'transport' | 'source' | 'local' | 'proof' | 'callId' | 'messages'
>;

/** Hands an observation on, unless there are too many of its kind. */
export type Emit = (observation: Observation) => void;

/**
 * The client's address (the packet's: of a request the source, of an answer the destination), CSeq and Call-ID. Not
 * the port: without `rport` the answer goes to the one that the client's Via names (RFC 3261 §18.2.2).
 */
export function exchangeKey(client: Address, scan: SipScan): string {
  return `${client} ${sequenceOf(headerBytes(scan, 'cseq'))} ${headerText(scan, 'call-id')}`;
}

/** As pjsip reads a CSeq and then answers it: without leading zeros, over 32 bits wrapped, the method in upper case. */
function sequenceOf(cseq: string): string {
  let number = 0;
  let at = 0;
  for (let code = cseq.charCodeAt(0); code >= 48 && code <= 57; code = cseq.charCodeAt(at)) {
    number = (Math.imul(number, 10) + code - 48) >>> 0;
    at += 1;
  }
  return `${number} ${cseq
    .slice(at, at + 128)
    .trim()
    .toUpperCase()}`;
}
