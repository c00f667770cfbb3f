// Tells requests that are made to falsify Asterisk's events: a line break, written so that Asterisk reads it as one, in
// a place whose text goes into events. No phone has a use for it.
import { headerBytes, type SipScan, startLineBytes } from './sip-scan.ts';

const lineBreak = /%0[ad]/i;

export function tampersWithEvents(sip: SipScan): boolean {
  return lineBreak.test(headerBytes(sip, 'from')) || lineBreak.test(startLineBytes(sip));
}
