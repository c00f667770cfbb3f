// A record of netfilter's log (LINKTYPE_NFLOG): the IP packet, and which of our rules logged it in which hook. Only
// a rule of ours in its own hook says that we sent a packet: a source port says nothing.
import { type LimitName, limitNames } from '../model/enforcer.ts';
import type { Frame } from './frame.ts';
import type { Direction } from './packet.ts';

const header = 4;
const hookRecord = 1;
const payloadRecord = 9;
const prefixRecord = 10;

/** NF_INET_PRE_ROUTING and NF_INET_LOCAL_OUT of linux/netfilter.h. */
const preRouting = 0;
const output = 3;

interface Rule {
  readonly prefix: Buffer;
  readonly hook: number;
  readonly direction: Direction;
  readonly limit?: LimitName;
}

/** `sw-gst`, `sw-gfile`: what a guest answers, in PREROUTING on the guest's own interface. `sw-invite`: an INVITE too many. */
const rules: readonly Rule[] = [
  { prefix: Buffer.from('sw-in\0'), hook: preRouting, direction: 'in' },
  { prefix: Buffer.from('sw-out\0'), hook: output, direction: 'out' },
  { prefix: Buffer.from('sw-syn\0'), hook: output, direction: 'out' },
  { prefix: Buffer.from('sw-gst\0'), hook: preRouting, direction: 'out' },
  { prefix: Buffer.from('sw-file\0'), hook: output, direction: 'out' },
  { prefix: Buffer.from('sw-gfile\0'), hook: preRouting, direction: 'out' },
  ...limitNames.map(
    (limit): Rule => ({ prefix: Buffer.from(`sw-${limit}\0`), hook: preRouting, direction: 'in', limit }),
  ),
];

/** Fills `frame`; returns why it cannot be used, if it cannot. Layout: LINKTYPE_NFLOG of tcpdump.org. */
export function readNflog(data: Buffer, frame: Frame): string | undefined {
  // Lengths and types are in the byte order of the machine that captured; no type is 0 or over 255.
  const isBig = data.length > 6 && data[6] === 0;
  let hook = -1;
  let prefixAt = 0;
  let prefixEnd = 0;
  frame.offset = 0;
  for (let at = header; at + 4 <= data.length; ) {
    const length = isBig ? data.readUInt16BE(at) : data.readUInt16LE(at);
    const type = isBig ? data.readUInt16BE(at + 2) : data.readUInt16LE(at + 2);
    if (length < 4) return 'nflog: a length that cannot be';
    const end = Math.min(at + length, data.length);
    if (type === hookRecord && end - at >= 7) {
      hook = data[at + 6]!;
    } else if (type === prefixRecord) {
      prefixAt = at + 4;
      prefixEnd = end;
    } else if (type === payloadRecord) {
      frame.offset = at + 4;
      frame.end = end;
    }
    at += length + (-length & 3);
  }
  if (frame.offset === 0) return 'nflog: no packet';
  for (const rule of rules) {
    if (rule.hook !== hook || !isText(data, prefixAt, prefixEnd, rule.prefix)) continue;
    frame.direction = rule.direction;
    frame.limit = rule.limit;
    return undefined;
  }
  return 'nflog: logged by no rule of ours, or in a hook where ours is not';
}

function isText(data: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (data[start + index] !== text[index]) return false;
  }
  return true;
}
