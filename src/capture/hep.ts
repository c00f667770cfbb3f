// Reads HEP3, the mirror of SIP messages that Asterisk (res_hep), Kamailio or heplify send ("HEP3 Network Protocol
// Specification", rev. 36; chunks of vendor 0). Never throws; what cannot be read is answered with the reason.
import type { Peer } from '../model/address.ts';
import type { Time } from '../model/time.ts';
import type { AddressTexts } from './address-text.ts';

export interface HepMessage {
  /** Of IP: 17 is UDP; 6 is TCP, and TLS, WS and WSS as well. */
  readonly protocol: number;
  readonly source: Peer;
  readonly destination: Peer;
  /** By the sender's clock. */
  readonly time: Time;
  /** What the sender shows that it is one; empty where it shows nothing. A view. */
  readonly key: Buffer;
  /** The SIP message, decrypted. A view. */
  readonly payload: Buffer;
}

export const hepMagic = 'HEP3';
/** Magic and length. Bytes. */
export const hepHeader = 6;
const chunkHeader = 6;
/** Senders use about 15. */
const mostChunks = 64;
const sip = 1;

/** Chunk types, and the length that each must have; -1 is any. */
const chunk = {
  protocol: { type: 2, length: 1 },
  source4: { type: 3, length: 4 },
  destination4: { type: 4, length: 4 },
  source6: { type: 5, length: 16 },
  destination6: { type: 6, length: 16 },
  sourcePort: { type: 7, length: 2 },
  destinationPort: { type: 8, length: 2 },
  seconds: { type: 9, length: 4 },
  microseconds: { type: 10, length: 4 },
  payloadType: { type: 11, length: 1 },
  key: { type: 14, length: -1 },
  payload: { type: 15, length: -1 },
} as const;
type ChunkName = keyof typeof chunk;

const namesByType = new Map(
  Object.entries(chunk).map(([name, { type }]) => [type as number, name as ChunkName]),
);
const required = ['protocol', 'sourcePort', 'destinationPort', 'seconds', 'payloadType', 'payload'] as const;
const none = Buffer.alloc(0);

/** One whole message, which `bytes` hold from the first to the last; or why it is none that can be used. */
export function readHep(bytes: Buffer, texts: AddressTexts): HepMessage | string {
  if (bytes.length < hepHeader || bytes.toString('latin1', 0, 4) !== hepMagic) return 'hep: not HEP3';
  if (bytes.readUInt16BE(4) !== bytes.length) return 'hep: a length that is not its own';
  const chunks = cutChunks(bytes);
  if (typeof chunks === 'string') return chunks;
  if (required.some((name) => !chunks[name])) return 'hep: a chunk is missing';
  const { source4, destination4, source6, destination6 } = chunks;
  const isFour = source4 !== undefined && destination4 !== undefined;
  const isSix = source6 !== undefined && destination6 !== undefined;
  if (isFour === isSix) return 'hep: not two addresses of one family';
  if (numberIn(chunks.payloadType) !== sip) return 'hep: not SIP';
  const addressOf = (four?: Buffer, six?: Buffer) =>
    isFour ? texts.ipv4(four ?? none, 0) : texts.ipv6(six ?? none, 0);
  return {
    protocol: numberIn(chunks.protocol),
    source: { address: addressOf(source4, source6), port: numberIn(chunks.sourcePort) },
    destination: {
      address: addressOf(destination4, destination6),
      port: numberIn(chunks.destinationPort),
    },
    time:
      numberIn(chunks.seconds) * 1_000 + Math.floor(Math.min(numberIn(chunks.microseconds), 999_999) / 1_000),
    key: chunks.key ?? none,
    payload: chunks.payload ?? none,
  };
}

/** Views of the chunks that are used; a second one of a kind makes the message mean two things. */
function cutChunks(bytes: Buffer): Partial<Record<ChunkName, Buffer>> | string {
  const chunks: Partial<Record<ChunkName, Buffer>> = {};
  let count = 0;
  for (let at = hepHeader; at < bytes.length; ) {
    count += 1;
    if (count > mostChunks) return 'hep: too many chunks';
    if (bytes.length - at < chunkHeader) return 'hep: a chunk that is cut';
    const length = bytes.readUInt16BE(at + 4);
    const end = at + length;
    if (length < chunkHeader || end > bytes.length) return 'hep: a chunk that is cut';
    const name = bytes.readUInt16BE(at) === 0 ? namesByType.get(bytes.readUInt16BE(at + 2)) : undefined;
    if (name) {
      if (chunks[name]) return 'hep: a chunk that is there twice';
      const wanted = chunk[name].length;
      if (wanted >= 0 && length - chunkHeader !== wanted) return 'hep: a chunk of another length';
      chunks[name] = bytes.subarray(at + chunkHeader, end);
    }
    at = end;
  }
  return chunks;
}

function numberIn(bytes: Buffer | undefined): number {
  return bytes && bytes.length > 0 ? bytes.readUIntBE(0, bytes.length) : 0;
}
