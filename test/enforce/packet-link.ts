// Two namespaces on one wire for tests with real packets: that of the PBX, where the rules stand, and an attacker's.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type RunningProcess, startProcess } from '../../src/lib/run-command.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import type { PeerLine, PeerOrder, Sending } from './packet-peer.ts';
import { testRules } from './test-rules.ts';

export const rules = testRules({
  udpPorts: [[5_060, 5_062]],
  tcpPorts: [[5_060, 5_060]],
});
/** Protected, and nobody listens there: no receive buffer can overflow and take other packets with it. */
export const unreadPort = 5_062;
/** Somebody listens there, and it is not protected. */
export const openPort = 5_070;
/** Somebody listens there; protected where a test says so. */
export const tftpPort = 69;
export const pbxAddress = { 4: '192.0.2.254', 6: '2001:db8:ffff::1' } as const;
/** A source that no test blocks. */
export const clean = { 4: '192.0.2.200', 6: '2001:db8:c::1' } as const;
const attackers = [
  '192.0.2.1',
  '192.0.2.2',
  '192.0.2.3',
  '2001:db8:9::1',
  '2001:db8:9::2',
  '2001:db8:a::1',
  '2001:db8:b::1',
];

export const familyOf = (address: string) => (address.includes(':') ? 6 : 4);

export interface Peer {
  readonly lines: PeerLine[];
  until(isIt: (line: PeerLine) => boolean): Promise<void>;
  send(order: PeerOrder): Promise<void>;
  stop(): Promise<unknown>;
}

export interface PacketLink {
  readonly pbx: Namespace;
  readonly outside: Namespace;
  readonly receiver: Peer;
  readonly sender: Peer;
  /** How many of five datagrams of this source arrive: all that went before the clean source's last one. */
  arriving(from: string, changes?: Partial<Sending>): Promise<number>;
  /** Whether text that begins so arrives over a TCP connection from this port, new or kept, while the clean source's does. */
  isHeard(from: string, fromPort: number, beginning?: string): Promise<boolean>;
  close(): Promise<void>;
}

/** One link for a group of tests, and for each of them a prepared enforcer on its PBX. Call it where hooks may be set. */
export function usePacketLink(create: (pbx: Namespace) => Enforcer): {
  readonly link: PacketLink;
  readonly enforcer: Enforcer;
} {
  let link: PacketLink;
  let enforcer: Enforcer;
  beforeAll(async () => {
    link = await openPacketLink();
  });
  afterAll(() => link?.close());
  beforeEach(async () => {
    enforcer = create(link.pbx);
    await enforcer.prepare();
  });
  afterEach(async () => {
    await link.sender.send('reset');
    await enforcer.teardown();
  });
  return {
    get link() {
      return link;
    },
    get enforcer() {
      return enforcer;
    },
  };
}

export async function openPacketLink(): Promise<PacketLink> {
  const pbx = await openNamespace();
  const outside = await openNamespace();
  const peerEnd = ['peer', 'name', 'veth0', 'netns', outside.name];
  await pbx.run('ip', ['link', 'add', 'veth0', 'type', 'veth', ...peerEnd]);
  await linkUp(pbx, Object.values(pbxAddress));
  await linkUp(outside, [...attackers, ...Object.values(clean)]);
  const receiver = await startPeer(pbx, [5_060, 5_061, openPort, tftpPort]);
  const sender = await startPeer(outside, []);

  let serial = 0;
  const nextMark = () => {
    serial += 1;
    return `mark ${serial}`;
  };
  /** TCP may deliver what was written before together with it. */
  const isWith = (text: string) => (line: PeerLine) => line.kind === 'packet' && line.text.endsWith(text);
  const fromClean = (sending: Pick<Sending, 'text' | 'protocol' | 'fromPort'>, family: 4 | 6) =>
    sender.send({ ...sending, from: clean[family], to: pbxAddress[family], port: 5_060, count: 1 });

  return {
    pbx,
    outside,
    receiver,
    sender,
    async arriving(from, changes = {}) {
      const mark = nextMark();
      const family = familyOf(from);
      receiver.lines.length = 0;
      const text = 'OPTIONS sip:x SIP/2.0';
      await sender.send({ from, to: pbxAddress[family], port: 5_060, count: 5, text, ...changes });
      await fromClean({ text: mark }, family);
      await receiver.until(isWith(mark));
      return receiver.lines.filter((line) => line.kind === 'packet' && line.from === from).length;
    },
    async isHeard(from, fromPort, beginning = '') {
      const family = familyOf(from);
      const text = `${beginning}${nextMark()}`;
      const wire = { protocol: 'tcp', to: pbxAddress[family], port: 5_060, count: 1 } as const;
      receiver.lines.length = 0;
      await sender.send({ ...wire, from, fromPort, text });
      // Twice there, so that whatever went before the first has been read; each over a connection that is made after
      // that of the source.
      for (const mark of [nextMark(), nextMark()]) {
        await fromClean({ protocol: 'tcp', text: mark, fromPort: 20_000 + serial }, family);
        await receiver.until(isWith(mark));
      }
      return receiver.lines.some(isWith(text));
    },
    async close() {
      await Promise.all([receiver.stop(), sender.stop()]);
      await pbx.remove();
      await outside.remove();
    },
  };
}

export async function linkUp(
  namespace: Namespace,
  addresses: readonly string[],
  device = 'veth0',
): Promise<void> {
  await namespace.run('ip', ['link', 'set', 'lo', 'up']);
  await namespace.run('ip', ['link', 'set', device, 'up']);
  for (const address of addresses) {
    const length = familyOf(address) === 4 ? 24 : 32;
    const options = familyOf(address) === 6 ? ['nodad'] : [];
    await namespace.run('ip', ['address', 'add', `${address}/${length}`, 'dev', device, ...options]);
  }
}

export async function startPeer({ prefix }: Namespace, ports: readonly number[]): Promise<Peer> {
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
    async send(order) {
      lines.length = 0;
      child.stdin?.write(`${JSON.stringify(order)}\n`);
      await until(({ kind }) => kind === 'sent');
    },
    stop() {
      child.stdin?.end();
      return child.exited;
    },
  };
}
