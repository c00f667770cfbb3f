// Makes HEP3 datagrams, right ones and wrong ones.
import ipaddr from 'ipaddr.js';
import type { Peer } from '../../src/model/address.ts';

export interface HepParts {
  readonly protocol?: number;
  readonly source?: Peer;
  readonly destination?: Peer;
  /** Milliseconds. */
  readonly time?: number;
  readonly password?: string;
  readonly payload?: string;
  /** Behind the others. */
  readonly more?: readonly Buffer[];
}

export const pbxTls: Peer = { address: '192.0.2.1', port: 5061 };
export const caller: Peer = { address: '203.0.113.66', port: 34_210 };

export function hepDatagram(parts: HepParts = {}): Buffer {
  const { protocol = 6, source = caller, destination = pbxTls, time = 1_795_397_156_250 } = parts;
  const { password, payload = 'OPTIONS sip:192.0.2.1 SIP/2.0\r\n\r\n', more = [] } = parts;
  const isSix = source.address.includes(':');
  return hepOf([
    hepChunk(1, byte(isSix ? 10 : 2)),
    hepChunk(2, byte(protocol)),
    hepChunk(isSix ? 5 : 3, addressBytes(source)),
    hepChunk(isSix ? 6 : 4, addressBytes(destination)),
    hepChunk(7, short(source.port)),
    hepChunk(8, short(destination.port)),
    hepChunk(9, long(Math.floor(time / 1_000))),
    hepChunk(10, long((time % 1_000) * 1_000)),
    hepChunk(11, byte(1)),
    ...(password === undefined ? [] : [hepChunk(14, Buffer.from(password))]),
    hepChunk(15, Buffer.from(payload)),
    ...more,
  ]);
}

export function hepOf(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat(chunks);
  return Buffer.concat([Buffer.from('HEP3'), short(body.length + 6), body]);
}

export function hepChunk(type: number, data: Buffer, vendor = 0): Buffer {
  return Buffer.concat([short(vendor), short(type), short(data.length + 6), data]);
}

function addressBytes({ address }: Peer): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

function byte(value: number): Buffer {
  return Buffer.from([value]);
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
