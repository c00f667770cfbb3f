// What a packet of SIP or TFTP begins with, in the language of iptables' u32: after the IP header's length, for UDP and TCP. IPv6 without
// extension headers.
import type { Family } from './kernel-sets.ts';

export const transports = ['udp', 'tcp'] as const;
export type Transport = (typeof transports)[number];

/** The word at a place of the payload, in bytes from its start. */
const word: Readonly<Record<Family, Record<Transport, (place: number) => string>>> = {
  4: {
    udp: (place) => `0>>22&0x3C@${8 + place}`,
    tcp: (place) => `0>>22&0x3C@12>>26&0x3C@${place}`,
  },
  6: {
    udp: (place) => `${48 + place}`,
    tcp: (place) => `52>>26&0x3C@${40 + place}`,
  },
};

/** A request of one of these methods; four characters of each are enough to tell. */
export function requestMatch(family: Family, transport: Transport, methods: readonly string[]): string {
  const starts = methods.map((method) => hexOf(method.slice(0, 4)));
  return u32(transport, `${word[family][transport](0)}=${starts.join(',')}`);
}

/** An answer with one of these statuses. */
export function answerMatch(family: Family, transport: Transport, statuses: readonly string[]): string {
  const at = word[family][transport];
  const codes = statuses.map((status) => hexOf(`${status} `)).join(',');
  return u32(transport, `${statusLine(at)}&&${at(8)}=${codes}`);
}

/** An answer whose status begins with one of these digits. */
export function answerClassMatch(family: Family, transport: Transport, digits: readonly string[]): string {
  const at = word[family][transport];
  return u32(transport, `${statusLine(at)}&&${at(8)}>>24=${digits.map(hexOf).join(',')}`);
}

/** The first answer to a request for a file (RFC 1350 §5, RFC 2347): the first block, `file not found`, its options. */
export function fileAnswerMatch(family: Family): string {
  return u32('udp', `${word[family].udp(0)}=0x00030001,0x00050001,0x00060000:0x0006FFFF`);
}

function statusLine(at: (place: number) => string): string {
  return `${at(0)}=${hexOf('SIP/')}&&${at(4)}=${hexOf('2.0 ')}`;
}

function u32(transport: Transport, test: string): string {
  return `-p ${transport} -m u32 --u32 "${test}"`;
}

function hexOf(text: string): string {
  return `0x${Buffer.from(text, 'latin1').toString('hex').toUpperCase()}`;
}
