// Real packets between two namespaces: an attacker's and that of the PBX, where the rules stand.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer, type IpsetEnforcer } from '../../src/enforce/ipset.ts';
import { captureLimit, chainLines } from '../../src/enforce/rules.ts';
import { type RunningProcess, startProcess } from '../../src/lib/run-command.ts';
import type { SetName } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import type { PeerLine, Sending } from './packet-peer.ts';

const rules = {
  udpPorts: [[5_060, 5_062]],
  tcpPorts: [[5_060, 5_060]],
  nflogGroup: 7,
  logLimitPerSecond: 50,
} as const;
const missing = await missingForNamespaces(['iptables', 'ipset', 'tcpreplay']);

interface Peer {
  readonly lines: PeerLine[];
  until(isIt: (line: PeerLine) => boolean): Promise<void>;
  send(sending: Sending): Promise<void>;
  stop(): Promise<unknown>;
}

async function startPeer({ prefix }: Namespace, ports: readonly number[]): Promise<Peer> {
  const [file = '', ...args] = prefix;
  const program = join(import.meta.dirname, 'packet-peer.ts');
  const child: RunningProcess = startProcess(
    file,
    [...args, process.execPath, program, ...ports.map(String)],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH ?? '' },
    },
  );
  const lines: PeerLine[] = [];
  const waiting = new Set<() => void>();
  createInterface(child.stdout!).on('line', (line) => {
    lines.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const until = (isIt: (line: PeerLine) => boolean) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the peer did not say it within 10 s')), 10_000);
      const look = () => {
        if (!lines.some(isIt)) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  await until(({ kind }) => kind === 'ready');
  return {
    lines,
    until,
    async send(sending) {
      lines.length = 0;
      child.stdin?.write(`${JSON.stringify(sending)}\n`);
      await until(({ kind }) => kind === 'sent');
    },
    stop() {
      child.stdin?.end();
      return child.exited;
    },
  };
}

/** Protected, and nobody listens there: no receive buffer can overflow and take other packets with it. */
const unreadPort = 5_062;
const pbxAddress = { 4: '192.0.2.254', 6: '2001:db8:ffff::1' } as const;
const clean = { 4: '192.0.2.200', 6: '2001:db8:c::1' } as const;
const attackers = ['192.0.2.1', '192.0.2.2', '2001:db8:9::1', '2001:db8:9::2', '2001:db8:a::1'];
const familyOf = (address: string) => (address.includes(':') ? 6 : 4);

(missing ? describe.skip : describe)(missing ? `packets (skipped: ${missing})` : 'packets', () => {
  let pbx: Namespace;
  let outside: Namespace;
  let receiver: Peer;
  let sender: Peer;
  let enforcer: IpsetEnforcer;

  const linkUp = async (namespace: Namespace, addresses: readonly string[]) => {
    await namespace.run('ip', ['link', 'set', 'lo', 'up']);
    await namespace.run('ip', ['link', 'set', 'veth0', 'up']);
    for (const address of addresses) {
      const length = familyOf(address) === 4 ? 24 : 32;
      const options = familyOf(address) === 6 ? ['nodad'] : [];
      await namespace.run('ip', ['address', 'add', `${address}/${length}`, 'dev', 'veth0', ...options]);
    }
  };

  beforeAll(async () => {
    pbx = await openNamespace();
    outside = await openNamespace();
    const peerEnd = ['peer', 'name', 'veth0', 'netns', outside.name];
    await pbx.run('ip', ['link', 'add', 'veth0', 'type', 'veth', ...peerEnd]);
    await linkUp(pbx, Object.values(pbxAddress));
    await linkUp(outside, [...attackers, ...Object.values(clean)]);
    receiver = await startPeer(pbx, [5_060, 5_061, 5_070]);
    sender = await startPeer(outside, []);
  });
  afterAll(async () => {
    await Promise.all([receiver?.stop(), sender?.stop()]);
    await pbx?.remove();
    await outside?.remove();
  });
  beforeEach(async () => {
    enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix: pbx.prefix });
    await enforcer.prepare();
  });
  afterEach(() => enforcer.teardown());

  let serial = 0;
  /** How many of five datagrams of this source arrive: all that went before the clean source's last one. */
  const arriving = async (from: string, port = 5_060): Promise<number> => {
    serial += 1;
    const last = `last ${serial}`;
    const family = familyOf(from);
    receiver.lines.length = 0;
    await sender.send({ from, to: pbxAddress[family], port, count: 5, text: 'OPTIONS sip:x SIP/2.0' });
    await sender.send({ from: clean[family], to: pbxAddress[family], port: 5_060, count: 1, text: last });
    await receiver.until((line) => line.kind === 'packet' && line.text === last);
    return receiver.lines.filter((line) => line.kind === 'packet' && line.from === from).length;
  };
  const put = async (...sets: readonly SetName[]) => {
    for (const set of sets) {
      await enforcer.add({ set, target: '192.0.2.1' });
      await enforcer.add({ set, target: '2001:db8:9::/64' });
    }
  };
  /** Datagrams to ports where nobody listens, since the namespace was made. */
  const arrivedUnread = async (): Promise<number> => {
    const [, names = '', values = ''] =
      /^(Udp: .*)\n(Udp: .*)$/m.exec(await pbx.run('cat', ['/proc/net/snmp'])) ?? [];
    return Number(values.split(' ')[names.split(' ').indexOf('NoPorts')]);
  };
  /** Packets that a chain's NFLOG rule took. */
  const logged = async (chain: string, family: 4 | 6 = 4): Promise<number> => {
    const program = family === 4 ? 'iptables' : 'ip6tables';
    const listing = await pbx.run(program, ['-t', 'raw', '-nvxL', chain]);
    return Number(/^\s*(\d+)\s+\d+\s+NFLOG/m.exec(listing)?.[1]);
  };

  describe.each(['192.0.2.1', '2001:db8:9::1'])('of %s', (source) => {
    test('arrive where nothing is known of it', async () => {
      expect(await arriving(source)).toBe(5);
    });

    test.each(['deny', 'ban', 'drop'] as const)('are dropped when it is in %s', async (set) => {
      await put(set);
      expect(await arriving(source)).toBe(0);
      expect(await arriving(source, 5_061)).toBe(0);
    });

    test('arrive again when its ban is lifted', async () => {
      await put('ban');
      await enforcer.remove({ set: 'ban', target: '192.0.2.1' });
      await enforcer.remove({ set: 'ban', target: '2001:db8:9::/64' });
      expect(await arriving(source)).toBe(5);
    });

    test('arrive at ports that are not protected although it is banned', async () => {
      await put('ban', 'deny', 'drop');
      expect(await arriving(source, 5_070)).toBe(5);
    });

    test('arrive when it is shielded although it is in ban and drop', async () => {
      await put('ban', 'drop', 'shield');
      expect(await arriving(source)).toBe(5);
    });

    test('are dropped when it is denied although it is shielded', async () => {
      await put('shield', 'deny');
      expect(await arriving(source)).toBe(0);
    });

    test('arrive when it is allowed although it is denied, banned and dropped', async () => {
      await put('deny', 'ban', 'drop', 'allow');
      expect(await arriving(source)).toBe(5);
    });

    test('reach the sidecar unless they are dropped', async () => {
      const family = familyOf(source);
      await arriving(source);
      expect(await logged('SW-LOG', family)).toBe(6);
      await put('ban');
      await arriving(source);
      expect(await logged('SW-LOG', family)).toBe(7);
      await put('shield');
      await arriving(source);
      expect(await logged('SW-LOG', family)).toBe(13);
    });

    test('are dropped after the rules were prepared again, too', async () => {
      await put('ban');
      await enforcer.prepare();
      expect(await arriving(source)).toBe(0);
    });
  });

  test('of a neighbour of a banned address arrive', async () => {
    await put('ban');
    expect(await arriving('192.0.2.2')).toBe(5);
    expect(await arriving('2001:db8:a::1')).toBe(5);
  });

  test('of every address in a banned /64 are dropped', async () => {
    await put('ban');
    expect(await arriving('2001:db8:9::2')).toBe(0);
  });

  test('of every address in a banned network are dropped', async () => {
    await enforcer.add({ set: 'ban', target: '192.0.2.0/25' });
    expect(await arriving('192.0.2.1')).toBe(0);
    expect(await arriving('192.0.2.2')).toBe(0);
  });

  test.each([4, 6] as const)(
    'of ours reach the sidecar when they are SIP answers (IPv%d)',
    async (family) => {
      const from = clean[family];
      const ask = (text: string) =>
        sender.send({ from, to: pbxAddress[family], port: 5_060, count: 1, text: `answer ${text}` });
      const answers = ['100 Trying', '200 OK', '401 Unauthorized'];
      for (const status of answers) await ask(`SIP/2.0 ${status}\r\n\r\n`);
      for (const other of ['SIP/2.0 302 Moved\r\n\r\n', 'OPTIONS sip:x SIP/2.0\r\n\r\n', 'SIP'])
        await ask(other);
      await arriving(from);
      expect(await logged('SW-ANSWER', family)).toBe(answers.length);
    },
  );

  test.each([4, 6] as const)('of ours reach the sidecar when they are SYN-ACKs (IPv%d)', async (family) => {
    const connect = `require('node:net').connect(5060, '${pbxAddress[family]}').on('close', () => process.exit()).resume()`;
    await outside.run(process.execPath, ['-e', connect]);
    expect(await logged('SW-SYN', family)).toBe(1);
  });

  test('of one loud source reach the sidecar up to its limit only, and all arrive', async () => {
    const arrivedBefore = await arrivedUnread();
    const startTime = Date.now();
    await sender.send({ from: '192.0.2.1', to: pbxAddress[4], port: unreadPort, count: 1_000, text: 'x' });
    const seconds = (Date.now() - startTime) / 1_000;
    expect(await arriving('192.0.2.2')).toBe(5);
    expect((await arrivedUnread()) - arrivedBefore).toBe(1_000);
    const taken = await logged('SW-LOG');
    expect(taken).toBeGreaterThanOrEqual(100);
    expect(taken).toBeLessThanOrEqual(100 + 50 * (seconds + 1) + 6);
  });

  describe('from more forged sources than a limit table holds', () => {
    const sources = captureLimit.tableMax + 20_000;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sipwarden-flood-'));
      const link = async (namespace: Namespace) =>
        (await namespace.run('cat', ['/sys/class/net/veth0/address'])).trim();
      await writeFile(join(folder, 'flood.pcap'), floodCapture(await link(pbx), sources));
    });
    afterAll(() => rm(folder, { recursive: true }));

    const flood = (rounds: number) => {
      const options = ['--topspeed', '--preload-pcap', `--loop=${rounds}`, '-i', 'veth0'];
      return outside.run('tcpreplay', [...options, join(folder, 'flood.pcap')]);
    };

    test('cost nobody else a packet', async () => {
      await flood(1);
      expect(await arriving('192.0.2.2')).toBe(5);
      expect(await logged('SW-LOG')).toBeLessThan(captureLimit.tableMax);
    }, 30_000);

    test('would do so without the limit over everybody', async () => {
      const unlimited = chainLines(4, rules).map((line) =>
        line
          .replace(/-m hashlimit .*?-all\S+ /, '')
          .replace(/(expire) \d+/, '$1 60000')
          .replace('--hashlimit-name ', '--hashlimit-name x'),
      );
      await pbx.run('iptables-restore', ['--noflush'], `*raw\n${unlimited.join('\n')}\nCOMMIT\n`);
      // More than once, as the link itself may lose some.
      await flood(3);
      expect(await arrivingUnmarked()).toBe(0);
    }, 30_000);

    /** Without a clean source's last packet, as that one would be lost as well: through a port that is not ours. */
    const arrivingUnmarked = async () => {
      receiver.lines.length = 0;
      const sending = { from: '192.0.2.2', to: pbxAddress[4], count: 5, text: 'OPTIONS' };
      await sender.send({ ...sending, port: 5_060 });
      await sender.send({ ...sending, port: 5_070 });
      await receiver.until((line) => line.kind === 'packet' && line.port === 5_070);
      return receiver.lines.filter(
        (line) => line.kind === 'packet' && line.from === '192.0.2.2' && line.port === 5_060,
      ).length;
    };
  });
});

/** A pcap of Ethernet frames: one empty datagram to the PBX from each of 10.0.0.0, 10.0.0.1 ... */
function floodCapture(macAddress: string, sources: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = Array.from({ length: sources }, (_, index) => floodRecord(macAddress, 0x0a000000 + index));
  return Buffer.concat([header, ...records]);
}

function floodRecord(macAddress: string, source: number): Buffer {
  const record = Buffer.alloc(16 + 14 + 20 + 8);
  record.writeUInt32LE(record.length - 16, 8);
  record.writeUInt32LE(record.length - 16, 12);
  const frame = record.subarray(16);
  frame.write(macAddress.replaceAll(':', ''), 0, 'hex');
  frame.writeUInt16BE(0x0800, 12);
  const packet = frame.subarray(14);
  packet.writeUInt16BE(0x4500, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(0x4011, 8);
  packet.writeUInt32BE(source, 12);
  Buffer.from(pbxAddress[4].split('.').map(Number)).copy(packet, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, 20)), 10);
  packet.writeUInt16BE(5_000, 20);
  packet.writeUInt16BE(unreadPort, 22);
  packet.writeUInt16BE(8, 24);
  return record;
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < header.length; offset += 2) sum += header.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
