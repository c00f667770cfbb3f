import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPcapReader } from '../../src/capture/pcap-reader.ts';
import { pcapFile, pcapngBlocks } from './frames.ts';

const fixtures = new URL('../../fixtures/captures/', import.meta.url);
const one = Buffer.from('first packet');
const other = Buffer.from('the second one');

interface Read {
  readonly packets: { time: number; linkType: number; text: string; originalLength: number }[];
  readonly discards: string[];
}

function read(...chunks: Buffer[]): Read {
  const result: Read = { packets: [], discards: [] };
  const reader = createPcapReader({
    onPacket: ({ time, linkType, data, originalLength }) =>
      result.packets.push({ time, linkType, text: data.toString('latin1'), originalLength }),
    onDiscard: (reason) => result.discards.push(reason),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return result;
}

/** Chunks of the given sizes, again and again; in one reused buffer, as they come from a live capture. */
function readInPieces(file: Buffer, sizes: readonly number[]): Read {
  const result: Read = { packets: [], discards: [] };
  const reader = createPcapReader({
    onPacket: ({ time, linkType, data, originalLength }) =>
      result.packets.push({ time, linkType, text: data.toString('latin1'), originalLength }),
    onDiscard: (reason) => result.discards.push(reason),
  });
  const reused = Buffer.alloc(Math.max(...sizes));
  for (let at = 0, turn = 0; at < file.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    const length = file.copy(reused, 0, at, at + size);
    reader.push(reused.subarray(0, length));
    reused.fill(0xee);
    at += length;
  }
  reader.end();
  return result;
}

const little = pcapngBlocks('little');
const big = pcapngBlocks('big');
const manySections = Buffer.concat([
  little.section(),
  little.interface(1),
  little.interface(239, 9),
  little.enhanced(0, 1_700_000_000_123_456n, one),
  little.block(0x0bad, Buffer.alloc(400_000)),
  little.enhanced(1, 1_700_000_000_124_000_000n, other, 99),
  big.section(),
  big.block(5, Buffer.alloc(0)),
  big.interface(101, 0x80 | 10),
  big.enhanced(0, 1_700_000_000n * 1024n + 512n, one),
  big.simple(other),
]);

describe('classic pcap', () => {
  test.each([
    ['little', false, 123_456],
    ['big', false, 123_456],
    ['little', true, 123_456_789],
    ['big', true, 123_456_789],
  ] as const)('is read in %s-endian order, nanoseconds: %s', (endian, isNanoseconds, fraction) => {
    const packet = { data: one, seconds: 1_700_000_000, fraction, originalLength: 99 };
    const file = pcapFile([packet, { data: other, seconds: 2 }], { endian, isNanoseconds, linkType: 239 });
    expect(read(file)).toEqual({
      packets: [
        { time: 1_700_000_000_123, linkType: 239, text: 'first packet', originalLength: 99 },
        { time: 2_000, linkType: 239, text: 'the second one', originalLength: other.length },
      ],
      discards: [],
    });
  });

  test('a record longer than any packet ends the reading, and nothing after it is taken for a packet', () => {
    const file = pcapFile([{ data: one }]);
    const record = pcapFile([{ data: other }]).subarray(24);
    record.writeUInt32LE(262_145, 8);
    const { packets, discards } = read(Buffer.concat([file, record]), file);
    expect(packets).toHaveLength(1);
    expect(discards).toEqual(['pcap: a record longer than 262,144 bytes, and nothing after it can be found']);
  });

  test('a packet is handed over without a copy where it lies whole in a chunk', () => {
    const file = pcapFile([{ data: one }]);
    let isView = false;
    const reader = createPcapReader({
      onPacket: ({ data }) => {
        isView = data.buffer === file.buffer;
      },
      onDiscard: () => undefined,
    });
    reader.push(file);
    expect(isView).toBe(true);
  });
});

describe('pcapng', () => {
  test('is read over sections of both byte orders, with every interface its own link type and clock', () => {
    expect(read(manySections)).toEqual({
      packets: [
        { time: 1_700_000_000_123, linkType: 1, text: 'first packet', originalLength: 12 },
        { time: 1_700_000_000_124, linkType: 239, text: 'the second one', originalLength: 99 },
        { time: 1_700_000_000_500, linkType: 101, text: 'first packet', originalLength: 12 },
        { time: 1_700_000_000_500, linkType: 101, text: 'the second one', originalLength: 14 },
      ],
      discards: [],
    });
  });

  test('a simple packet block holds no more than the interface captures', () => {
    const file = Buffer.concat([
      little.section(),
      little.interface(1, undefined, 5),
      little.simple(one.subarray(0, 5), 12),
    ]);
    expect(read(file).packets).toEqual([{ time: 0, linkType: 1, text: 'first', originalLength: 12 }]);
  });

  test.each([
    ['of an interface that was not described', little.enhanced(3, 1n, one)],
    ['longer than its block', patched(little.enhanced(0, 1n, one), 20, 4_000)],
    ['a time that cannot be', little.enhanced(0, 0xffffffff_ffffffffn, one)],
  ])('a packet that makes no sense is left out, and the next is read: %s', (reason, block) => {
    const { packets, discards } = read(
      Buffer.concat([little.section(), little.interface(1, 0), block, little.enhanced(0, 1n, other)]),
    );
    expect(packets.map(({ text }) => text)).toEqual(['the second one']);
    expect(discards).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ['a length that cannot be', patched(little.enhanced(0, 1n, one), 4, 10)],
    ['a length over any packet', patched(little.enhanced(0, 1n, one), 4, 0x40000000)],
    ['no byte order', patched(little.section(), 8, 1)],
  ])('a block with %s ends the reading', (_, block) => {
    const file = Buffer.concat([little.section(), little.interface(1), block, little.enhanced(0, 1n, other)]);
    const { packets, discards } = read(file, file);
    expect(packets).toEqual([]);
    expect(discards).toHaveLength(1);
  });

  test('no more than 1,024 interfaces are remembered', () => {
    const file = Buffer.concat([
      little.section(),
      ...Array.from({ length: 1_030 }, () => little.interface(1)),
    ]);
    expect(read(file).discards).toEqual(Array(6).fill('pcapng: too many interfaces'));
  });
});

test.each([['nothing of a capture'], ['\0\0\0\0\0\0\0\0'], ['\x1f\x8b\x08\0 gzip']])(
  'what is no capture is refused once: %j',
  (text) => {
    const { packets, discards } = read(Buffer.from(text, 'latin1'), Buffer.from(text, 'latin1'));
    expect(packets).toEqual([]);
    expect(discards).toEqual(['pcap: neither a pcap nor a pcapng file']);
  },
);

test.each([
  ['a file header', 10],
  ['a record header', 30],
  ['a packet', 45],
])('a capture that ends inside %s says so', (_, length) => {
  expect(read(pcapFile([{ data: one }]).subarray(0, length)).discards).toEqual([
    'pcap: the file ends inside a record',
  ]);
});

const files: [string, Buffer][] = [
  ...readdirSync(fixtures)
    .filter((name) => name.endsWith('.pcap'))
    .map((name): [string, Buffer] => [name, readFileSync(new URL(name, fixtures))]),
  ['several sections', manySections],
];

test.each(files)('chunks may be cut anywhere: %s', (_, file) => {
  const whole = read(file);
  expect(whole.packets.length).toBeGreaterThan(0);
  expect(readInPieces(file, [file.length < 100_000 ? 1 : 7])).toEqual(whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      expect(readInPieces(file, sizes)).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

test.each(files)('no damage makes it throw: %s', (_, file) => {
  const start = file.subarray(0, 3_000);
  const damage = fc.record({ at: fc.nat(start.length - 1), value: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.array(damage, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 500 }),
      (list, size) => {
        const bytes = Buffer.from(start);
        for (const { at, value } of list) bytes[at] = value;
        const { packets } = readInPieces(bytes, [size]);
        for (const { text, time } of packets) {
          expect(text.length).toBeLessThanOrEqual(bytes.length);
          expect(Number.isNaN(new Date(time).getTime())).toBe(false);
        }
      },
    ),
  );
});

function patched(block: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(block);
  copy.writeUInt32LE(value, at);
  return copy;
}
