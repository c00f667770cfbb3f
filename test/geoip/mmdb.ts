// A small database in MaxMind's format (https://maxmind.github.io/MaxMind-DB), for layouts that no file of ours has.
import ipaddr from 'ipaddr.js';
import type { Network } from '../../src/model/address.ts';

type Value = string | number | { readonly [key: string]: Value };

export interface MmdbParts {
  readonly type: string;
  /** None inside another. */
  readonly records: Readonly<Record<Network, Value>>;
  readonly ipVersion?: 4 | 6;
  /** Epoch milliseconds. */
  readonly buildTime?: number;
}

/** A node has a branch for each bit: a node, where its data begins, or nothing. */
type Node = [Node | number | undefined, Node | number | undefined];

export function writeMmdb({
  type,
  records,
  ipVersion = 6,
  buildTime = 1_700_000_000_000,
}: MmdbParts): Buffer {
  const nodes: Node[] = [[undefined, undefined]];
  const data: Buffer[] = [];
  for (const [network, record] of Object.entries(records)) {
    const bits = bitsOf(network, ipVersion);
    const last = bits.pop() ?? 0;
    const below = (node: Node, bit: 0 | 1): Node => {
      const branch = node[bit];
      if (Array.isArray(branch)) return branch;
      const made: Node = [undefined, undefined];
      node[bit] = made;
      nodes.push(made);
      return made;
    };
    bits.reduce(below, nodes[0]!)[last] = Buffer.concat(data).length;
    data.push(encode(record));
  }
  const pointers = nodes.flat().map((branch) => {
    if (branch === undefined) return nodes.length;
    return Array.isArray(branch) ? nodes.indexOf(branch) : nodes.length + separator.length + branch;
  });
  const metadata = {
    binary_format_major_version: 2,
    build_epoch: buildTime / 1_000,
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.length,
    record_size: 24,
  };
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([...pointers.map(pointer), separator, ...data, marker, encode(metadata)]);
}

const separator = Buffer.alloc(16);

function pointer(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntBE(value, 0, 3);
  return bytes;
}

/** IPv4 lies below ::/96 in a tree of IPv6 addresses. */
function bitsOf(network: Network, ipVersion: 4 | 6): (0 | 1)[] {
  const [address = '', length] = network.split('/');
  const bytes = ipaddr.parse(address).toByteArray();
  const above = ipVersion === 6 && bytes.length === 4 ? 96 : 0;
  const bits = bytes.flatMap((byte) =>
    [...byte.toString(2).padStart(8, '0')].map((bit) => (bit === '1' ? 1 : 0)),
  );
  return [
    ...Array.from({ length: above }, () => 0 as const),
    ...bits.slice(0, Number(length ?? bits.length)),
  ];
}

function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const entries = Object.entries(value);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, member]) => [encode(key), encode(member)]),
  ]);
}

/** Sizes up to 284. */
function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
