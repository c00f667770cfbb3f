// One database in memory: MaxMind's format, whoever made it (https://maxmind.github.io/MaxMind-DB).
import { Reader } from 'maxmind';
import { z } from 'zod';
import { type Address, isIPv6, isPrivate, isReserved, type Network } from '../model/address.ts';
import { SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';

export interface Database<Value> {
  /** Its maker's name for it; printable. */
  readonly type: string;
  readonly buildTime: Time;
  /** Of a network: of its first address. */
  find(source: Address | Network): Value | undefined;
}

const metadata = z.object({
  databaseType: z.string().transform((text) => text.replace(/[^ -~]/g, '?').slice(0, 64)),
  ipVersion: z.union([z.literal(4), z.literal(6)]),
  buildEpoch: z.date(),
});

/** Throws GEOIP_UNUSABLE where the bytes are no whole database, or one without such records. */
export function readDatabase<Value>(bytes: Buffer, record: z.ZodType<Value>): Database<Value> {
  const { databaseType: type, buildEpoch, get, known } = open(bytes);
  if (known.length > 0 && !known.some((each) => record.safeParse(each).success)) {
    throw unusable(`holds something else: its type is "${type}"`, 'name another database');
  }
  return {
    type,
    buildTime: buildEpoch.getTime(),
    find(source) {
      try {
        return record.safeParse(get(source.split('/')[0] ?? source)).data;
      } catch {
        return undefined;
      }
    },
  };
}

/** What it says of an address as it says it, null where nothing; `get` throws where the file is damaged. */
function open(bytes: Buffer) {
  if (bytes.subarray(0, 2).toString('hex') === gzipMagic) {
    throw unusable('is compressed', 'unpack it with gunzip or tar');
  }
  try {
    const reader = new Reader<Record<string, unknown>>(bytes);
    const about = metadata.parse(reader.metadata);
    const get = (address: Address): unknown => {
      if (isPrivate(address) || isReserved(address)) return null;
      // A tree of IPv4 addresses takes the first bits of an IPv6 address for one, and answers wrongly.
      return about.ipVersion === 4 && isIPv6(address) ? null : reader.get(address);
    };
    return { ...about, get, known: samples.map(get).filter((found) => found !== null) };
  } catch (cause) {
    throw unusable('is no whole database (.mmdb)', 'copy it again: it is damaged or cut off', cause);
  }
}

const gzipMagic = '1f8b';

/** Addresses all over the Internet: where the file is sound each can be asked about, and some are known. */
const samples: readonly Address[] = [
  ...Array.from({ length: 223 * 3 }, (_, index) => `${1 + Math.floor(index / 3)}.${(index % 3) * 100}.1.1`),
  ...Array.from({ length: 256 }, (_, index) => `2${(index * 16).toString(16).padStart(3, '0')}:1::1`),
];

function unusable(what: string, hint: string, cause?: unknown): SipwardenError {
  return new SipwardenError('GEOIP_UNUSABLE', what, { hint, cause });
}
