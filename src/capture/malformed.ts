// Tells what no SIP peer sends from what honest peers send to a SIP port beside SIP. Where in doubt it says nothing.
import type { MalformedProblem } from '../model/observation.ts';
import { hasHeader } from './header-index.ts';
import { headerBytes, isWhole, type SipScan } from './sip-scan.ts';

/** Some phones keep a NAT binding open with a few bytes of their own. */
const longestKeepAlive = 8;
/** RFC 5389 §6. */
const stunCookie = 0x2112a442;
const stunHeader = 20;
/** TLS handshake, RFC 8446 §5.1; and SSL 2's ClientHello, which old phones begin with. */
const tlsHandshake = 0x16;
/** RTP and RTCP, version 2 (RFC 3550 §5.1): media that a phone sends to the wrong port. */
const rtpVersion = 2;

/** Of bytes that `scanSip` did not take: whether they are what an honest peer may have sent. */
export function isHonestForeign(bytes: Buffer): boolean {
  if (bytes.length <= longestKeepAlive) return true;
  return (
    isStun(bytes) || bytes[0] === tlsHandshake || bytes[0]! >> 6 === rtpVersion || isWebSocketUpgrade(bytes)
  );
}

/** With the cookie, or as RFC 3489 §11.1 has it: a request whose length is that of the datagram. */
function isStun(bytes: Buffer): boolean {
  if (bytes.length < stunHeader || bytes[0]! >> 6 !== 0) return false;
  const isComplete = bytes.readUInt16BE(2) === bytes.length - stunHeader;
  return bytes.readUInt32BE(4) === stunCookie || (isComplete && bytes.readUInt16BE(0) === 1);
}

/** RFC 6455 §4.1. */
function isWebSocketUpgrade(bytes: Buffer): boolean {
  return (
    bytes.toString('latin1', 0, 4) === 'GET ' && /^upgrade:\s*websocket/im.test(bytes.toString('latin1'))
  );
}

/** What is wrong with a request, of what pjsip refuses without an answer. One whose end is not there is not judged. */
export function problemOf(sip: SipScan): MalformedProblem | undefined {
  if (!isWhole(sip)) return undefined;
  if (!mandatory.every(hasHeader)) return 'missing-header';
  const isVia = /^sip\s*\/\s*2\.0\s*\//i.test(headerBytes(sip, 'via'));
  const isSequence = /^\d+\s+\S/.test(headerBytes(sip, 'cseq'));
  return isVia && isSequence ? undefined : 'broken-header';
}

const mandatory = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
