// Tells requests with an escaped line break where none belongs. No phone has a use for one; what it may be for is none of
// the reader's business, and such a request is told, never acted upon.
import { headerBytes, type SipScan, startLineBytes } from './sip-scan.ts';

const lineBreak = /%0[ad]/i;

const percent = 37;

export function tampersWithEvents(sip: SipScan): boolean {
  // Hardly a request has one; then no header need be read.
  if (!sip.bytes.includes(percent)) return false;
  return lineBreak.test(headerBytes(sip, 'from')) || lineBreak.test(startLineBytes(sip));
}
