// The sidecar as a process of its own, with a capture written to its descriptor 3.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  type CaptureSettings,
  type SidecarMessage,
  sidecarExit,
  sidecarMessage,
  writeMessage,
} from '../src/capture/protocol.ts';
import { createMessageReader } from '../src/lib/message-reader.ts';
import { ipv4, ipv6, nflog, pcapFile, request, udp } from './capture/frames.ts';
import { describeWhere } from './prerequisites.ts';
import { agents } from './signatures.ts';
import { waitFor } from './wait-for.ts';

jest.setTimeout(60_000);

const program = join(import.meta.dirname, '../src/sidecar.ts');
const nflogLink = 239;
const settings: CaptureSettings = {
  udpPorts: [[5060, 5060]],
  tcpPorts: [],
  tftpPorts: [],
  signatures: agents('friendly-scanner'),
  answerWithinMs: 1_000,
  nonceLifetimeMs: 32_000,
};
const configure = (some: Partial<CaptureSettings> = {}): string =>
  writeMessage({ kind: 'settings', settings: { ...settings, ...some } });
const scanner = nflog(ipv4(17, udp(request('OPTIONS'))));

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const asNobody = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];
const unprivileged = process.getuid?.() === 0 ? [...asNobody, '--'] : [];

/** Starts the sidecar; `isRead` false leaves what it writes unread until `read` is called. */
function startSidecar({ prefix = unprivileged as readonly string[], isRead = true } = {}) {
  const [file = '', ...args] = [...prefix, process.execPath, program];
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
  });
  children.push(child);
  const ended = once(child, 'close').then(([code]) => code as number);
  const packets = child.stdio[3] as Writable;
  for (const stream of [child.stdin, packets]) stream?.on('error', () => {});
  const messages: SidecarMessage[] = [];
  const reader = createMessageReader(sidecarMessage, 1024 * 1024, {
    onMessage: (message) => messages.push(message),
    onRefused: (reason) => expect(reason).toBe('never refused'),
  });
  const read = (): void => void (child.stdout as Readable).on('data', reader.push);
  if (isRead) read();
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  return {
    child,
    ended,
    packets,
    messages,
    read,
    tell: (line: string) => child.stdin?.write(line),
    said: () => said,
  };
}

const observationsIn = (messages: readonly SidecarMessage[]) =>
  messages.flatMap((message) => (message.kind === 'observations' ? message.list : []));
const countersIn = (messages: readonly SidecarMessage[]) =>
  messages.flatMap((message) => (message.kind === 'counters' ? [message.counters] : [])).at(-1);
const has = (messages: readonly SidecarMessage[], kind: SidecarMessage['kind']) =>
  messages.find((message) => message.kind === kind);

describe('the sidecar', () => {
  test('tells what it observed, and ends when the capture ends', async () => {
    const { ended, packets, messages, tell } = startSidecar();
    tell(configure());
    packets.end(pcapFile([{ data: scanner }], { linkType: nflogLink }));
    expect(await ended).toBe(sidecarExit.packetsEnded);
    expect(observationsIn(messages)).toMatchObject([
      {
        kind: 'signature-match',
        source: { address: '198.51.100.10', port: 5070 },
        value: 'friendly-scanner',
      },
    ]);
    expect(countersIn(messages)).toMatchObject({ packets: 1, messages: 1, shed: 0 });
  });

  test('tells the observations of one read in one message', async () => {
    const { ended, packets, messages, tell } = startSidecar();
    tell(configure());
    const sources = ['192.0.2.7', '192.0.2.8', '192.0.2.9'];
    const frames = sources.map((source) => ({ data: nflog(ipv4(17, udp(request('OPTIONS')), { source })) }));
    packets.end(pcapFile(frames, { linkType: nflogLink }));
    await ended;
    const lists = messages.flatMap((message) =>
      message.kind === 'observations' ? [message.list.length] : [],
    );
    expect(lists).toEqual([3]);
  });

  test('reads no packet before it has its settings', async () => {
    const { ended, packets, messages, tell } = startSidecar();
    packets.write(pcapFile([{ data: scanner }], { linkType: nflogLink }));
    tell('this is not JSON\n');
    await waitFor('the broken line is refused', () => has(messages, 'fault'));
    expect(has(messages, 'observations')).toBeUndefined();
    tell(configure());
    packets.end();
    await ended;
    expect(observationsIn(messages)).toHaveLength(1);
  });

  test('takes changed settings while it runs', async () => {
    const { ended, packets, messages, tell } = startSidecar();
    tell(configure({ signatures: agents('another') }));
    await waitFor('the sidecar is ready', () => has(messages, 'ready'));
    tell(configure());
    tell('{}\n');
    await waitFor('the line after the settings is refused', () => has(messages, 'fault'));
    packets.end(pcapFile([{ data: scanner }], { linkType: nflogLink }));
    await ended;
    expect(observationsIn(messages)).toHaveLength(1);
  });

  test('ends when the daemon is gone', async () => {
    const { child, ended, messages, tell } = startSidecar();
    tell(configure());
    await waitFor('the sidecar is ready', () => has(messages, 'ready'));
    child.stdin?.end();
    expect(await ended).toBe(sidecarExit.daemonGone);
  });

  test('outlives a capture of garbage and counts it', async () => {
    const { ended, packets, messages, tell } = startSidecar();
    tell(configure());
    packets.end(pcapFile([{ data: Buffer.alloc(300, 0xff) }, { data: scanner }], { linkType: nflogLink }));
    expect(await ended).toBe(sidecarExit.packetsEnded);
    expect(observationsIn(messages)).toHaveLength(1);
    const discarded = Object.entries(countersIn(messages) ?? {}).filter(([name]) =>
      name.startsWith('discarded.'),
    );
    expect(discarded).toEqual([[expect.any(String), 1]]);
  });

  test('does not wait for a daemon that does not read: it sheds and counts', async () => {
    const { ended, packets, messages, tell, read } = startSidecar({ isRead: false });
    tell(configure());
    const count = 40_000;
    packets.write(pcapFile([], { linkType: nflogLink }));
    for (let start = 0; start < count; start += 1_000) {
      packets.write(pcapFile(framesFrom(start, 1_000), { linkType: nflogLink }).subarray(24));
    }
    packets.end();
    await once(packets, 'finish');
    read();
    expect(await ended).toBe(sidecarExit.packetsEnded);
    const counters = countersIn(messages);
    const shed = counters?.shed ?? 0;
    expect(counters?.packets).toBe(count);
    expect(shed).toBeGreaterThan(0);
    expect(observationsIn(messages)).toHaveLength(count - shed);
  });
});

/** Scanners from an address each, 1,000 in a second. */
function framesFrom(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const source = `2001:db8::${(first + index + 1).toString(16)}`;
    return {
      data: nflog(ipv6(17, udp(request('OPTIONS')), { source })),
      seconds: 1_000 + first / 1_000,
      fraction: index * 1_000,
    };
  });
}

describeWhere(['root'], 'the sidecar', () => {
  test('refuses to read as root', async () => {
    const { ended, messages, said, tell } = startSidecar({ prefix: [] });
    tell(configure());
    expect(await ended).toBe(sidecarExit.privileged);
    expect(said()).toMatch(/^sidecar: reads no packet while it holds Uid: 0 /);
    expect(messages).toEqual([]);
  });

  test('refuses a capability that an ordinary user was given', async () => {
    const capability = ['--inh-caps', '+net_raw', '--ambient-caps', '+net_raw', '--'];
    const { ended, said } = startSidecar({ prefix: [...asNobody, ...capability] });
    expect(await ended).toBe(sidecarExit.privileged);
    expect(said()).toContain('CapEff');
  });
});
