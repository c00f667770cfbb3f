// Tells requests with an escaped line break where none belongs. No phone has a use for one; what it may be for is none of
// the reader's business, and such a request is told, never acted upon.
import { headerBytes, type SipScan, startLineBytes } from './sip-scan.ts';

const lineBreak = /%0[ad]/i;

export function tampersWithEvents(sip: SipScan): boolean {
  return lineBreak.test(headerBytes(sip, 'from')) || lineBreak.test(startLineBytes(sip));
}
