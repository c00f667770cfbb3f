// The packet sensor with its real children, in a network namespace: what leaves it, and what happens when they die.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { privilegesIn } from '../../src/capture/rights.ts';
import { runCommand, tryCommand } from '../../src/lib/run-command.ts';
import type { Observation } from '../../src/model/observation.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import {
  type CaptureLab,
  credentials,
  group,
  openCaptureLab,
  optionsRequest,
  registerRequest,
  type SensorHost,
  settings,
} from './capture-lab.ts';

jest.setTimeout(60_000);

const scanner = '203.0.113.9';
const nonce = '1700000000/8d0f2c7e5b9a4f31c6a9d8e7f0b1a2c3';
const garbageSidecar = join(import.meta.dirname, 'programs/garbage-sidecar.ts');

describeWhere(['root', 'namespaces', 'firewall', 'tcpdump'], 'the packet sensor', () => {
  let lab: CaptureLab;
  let host: SensorHost | undefined;

  beforeAll(async () => {
    lab = await openCaptureLab();
  });
  afterEach(async () => {
    await host?.stop();
    host = undefined;
  });
  afterAll(() => lab?.remove());

  async function startLive(options: object = {}, more: { sidecarFile?: string } = {}): Promise<SensorHost> {
    host = lab.startHost(options, more);
    const { state, detail } = await host.until('started');
    expect({ state, detail }).toEqual({ state: 'live', detail: expect.stringMatching(/^reads /) });
    return host;
  }

  /** Resolves with the first observation of which `isIt` holds, among the facts from `since` on. */
  async function seen({ facts, until }: SensorHost, isIt: (one: Observation) => boolean, since = 0) {
    await until('observations', ({ list }) => list.some(isIt), since);
    return facts
      .slice(since)
      .flatMap((fact) => (fact.fact === 'observations' ? fact.list : []))
      .find(isIt);
  }

  const isFrom = (address: string) => (one: Observation) => one.source.address === address;
  const scan = (from = scanner, port = 5060) => lab.send({ from: [from], port, text: optionsRequest(from) });

  /** Guesses as a client does: a request, the challenge, the request again with its nonce. */
  async function guess(from: string): Promise<void> {
    const count = lab.answers.length;
    lab.send({ from: [from], port: 5060, text: registerRequest(from) });
    await waitFor('the PBX challenges', () => lab.answers.length > count);
    lab.send({ from: [from], port: 5060, text: registerRequest(from, credentials(nonce)) });
    await waitFor('the PBX refuses', () => lab.answers.length > count + 1);
  }

  test.each([
    ['nflog', {}],
    ['af-packet on every interface', { source: 'af-packet' }],
    ['af-packet on one interface', { source: 'af-packet', interface: 'pbx0' }],
  ])('sees a scanner, and by %s a nonce that left to the very address that echoes it', async (_, options) => {
    const sensor = await startLive(options);
    scan();
    expect(await seen(sensor, isFrom(scanner))).toMatchObject({
      kind: 'signature-match',
      sensor: 'packets',
      source: { address: scanner, port: 7000 },
      local: { address: '192.0.2.1', port: 5060 },
      proof: { level: 'asserted' },
    });
    await guess('203.0.113.20');
    expect(await seen(sensor, isFrom('203.0.113.20'))).toMatchObject({
      kind: 'authentication-failed',
      account: '100',
      nonce,
      proof: { level: 'proven', by: 'nonce-echo' },
    });
    lab.send({
      from: ['203.0.113.21'],
      port: 5060,
      text: registerRequest('203.0.113.21', credentials(nonce)),
    });
    expect(await seen(sensor, isFrom('203.0.113.21'))).toMatchObject({ proof: { level: 'asserted' } });
  });

  test('counts a packet once in af-packet', async () => {
    const sensor = await startLive({ source: 'af-packet', interface: 'pbx0' });
    scan();
    await seen(sensor, isFrom(scanner));
    await waitFor('the counters arrive', async () => (await sensor.health()).counters.packets === 1);
  });

  test('reads other ports when it is told so', async () => {
    const sensor = await startLive({ source: 'af-packet' });
    sensor.tell({ settings: { ...settings, udpPorts: [[5080, 5080]] } });
    await waitFor('it reads again', async () => {
      const { state, counters } = await sensor.health();
      return counters.restarts === 1 && state === 'live';
    });
    scan(scanner, 5080);
    expect(await seen(sensor, isFrom(scanner))).toMatchObject({ local: { port: 5080 } });
    expect(sensor.facts.filter(({ fact }) => fact === 'raised')).toEqual([]);
  });

  test('runs a sidecar without any right, which can open nothing of root', async () => {
    const sensor = await startLive();
    const status = await readFile(`/proc/${await sensor.program('sidecar')}/status`, 'utf8');
    expect(privilegesIn(status)).toEqual([]);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const uid = /^Uid:\t(\d+)/m.exec(status)?.[1] ?? '';
    const gid = /^Gid:\t(\d+)/m.exec(status)?.[1] ?? '';
    expect([uid, gid]).toEqual(['65534', '65534']);
    const place = await openRootsPlace();
    const may = async (how: string, file: string) => {
      const as = ['--reuid', uid, '--regid', gid, '--clear-groups', '--', 'test', how, file];
      return (await tryCommand('setpriv', as)).exitCode === 0;
    };
    expect({
      everybodysFile: await may('-r', place.readable),
      rootsFile: await may('-r', place.secret),
      rootsSocket: await may('-w', place.socket),
    }).toEqual({ everybodysFile: true, rootsFile: false, rootsSocket: false });
    await place.remove();
  });

  test('runs a tcpdump that gave up its rights', async () => {
    const sensor = await startLive();
    const status = await readFile(`/proc/${await sensor.program('tcpdump')}/status`, 'utf8');
    expect(privilegesIn(status)).toEqual([]);
  });

  test.each(['sidecar', 'tcpdump'] as const)(
    'is back after kill -9 of %s, with an alarm between',
    async (name) => {
      const sensor = await startLive();
      const since = sensor.facts.length;
      const before = [await sensor.program('sidecar'), await sensor.program('tcpdump')];
      process.kill(await sensor.program(name), 'SIGKILL');
      const raised = await sensor.until('raised', undefined, since);
      expect(raised.code).toBe('CAPTURE_DOWN');
      expect(raised.message).toMatch(new RegExp(`${name} was killed by SIGKILL`));
      await sensor.until('cleared', ({ code }) => code === 'CAPTURE_DOWN', since);
      scan();
      await seen(sensor, isFrom(scanner), since);
      const { state, counters } = await sensor.health();
      expect({ state, restarts: counters.restarts }).toEqual({ state: 'live', restarts: 1 });
      expect(before).not.toContain(await sensor.program('sidecar'));
      expect(before).not.toContain(await sensor.program('tcpdump'));
    },
  );

  test('names the NFLOG group where another program reads it, and takes over when that ends', async () => {
    const other = lab.startProgram('tcpdump', '-i', `nflog:${group}`, '-w', '/dev/null');
    let said = '';
    other.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await waitFor('the other program reads the group', () => said.includes('listening on'));
    host = lab.startHost();
    expect(await host.until('started')).toMatchObject({ state: 'down' });
    const { hint, message } = await host.until('raised');
    expect(hint).toMatch(/another program reads this NFLOG group/);
    expect(message).toContain('Operation not permitted');
    other.signal('SIGKILL');
    await other.exited;
    await host.until('cleared');
  });

  test('takes over from the tcpdump of a daemon that was killed, without waiting for a packet', async () => {
    const killed = lab.startHost();
    await killed.until('started');
    const abandoned = await killed.program('tcpdump');
    await killed.kill();
    const sensor = lab.startHost();
    host = sensor;
    await waitFor('it reads', async () => (await sensor.health()).state === 'live', 20_000);
    expect(sensor.log()).toContain('the reader that a killed daemon left was ended');
    await waitFor('the old tcpdump is gone', async () => !(await isAlive(abandoned)));
  });

  test('names the interface that is not there', async () => {
    host = lab.startHost({ source: 'af-packet', interface: 'nowhere0' });
    expect(await host.until('started')).toMatchObject({
      state: 'down',
      detail: 'there is no network interface nowhere0',
    });
    expect((await host.until('raised')).hint).toContain('ip link');
  });

  test('goes on reading when the starter of sidecars is gone, and says so when one more is wanted', async () => {
    const sensor = await startLive();
    const sidecar = await sensor.program('sidecar');
    process.kill(await sensor.program('starter'), 'SIGKILL');
    scan();
    await seen(sensor, isFrom(scanner));
    process.kill(sidecar, 'SIGKILL');
    expect(await sensor.until('raised')).toMatchObject({
      code: 'CAPTURE_DOWN',
      hint: expect.stringMatching(/^restart sipwarden, as root/),
    });
  });

  test("refuses and counts what a sidecar in a stranger's hands writes, and goes on", async () => {
    const sensor = await startLive({}, { sidecarFile: garbageSidecar });
    await seen(sensor, isFrom('203.0.113.66'));
    await waitFor('the counters arrive', async () => (await sensor.health()).counters.packets === 1);
    const { state, counters } = await sensor.health();
    expect({ state, counters }).toMatchObject({ state: 'live', counters: { refused: 4, restarts: 0 } });
    expect(sensor.facts.filter(({ fact }) => fact === 'observations')).toHaveLength(1);
    expect(sensor.log()).not.toContain('garbage');
  });

  test('loses nothing while the daemon is busy', async () => {
    const sensor = await startLive();
    sensor.tell({ busyMs: 1_500 });
    const from = Array.from({ length: 200 }, (_, index) => `203.0.113.${index + 1}`);
    for (let round = 0; round < 10; round += 1) lab.send({ from, port: 5060, text: optionsRequest() });
    await seen(sensor, isFrom('203.0.113.200'));
    await waitFor(
      'all packets are counted',
      async () => (await sensor.health()).counters.packets === 2_000,
      15_000,
    );
    expect((await sensor.health()).counters).toMatchObject({ kernelDrops: 0, shed: 0 });
  });

  test('leaves no program and no file when it stops', async () => {
    const sensor = await startLive();
    // Its own, the starter, the sidecar and tcpdump.
    expect(await lab.programs()).toHaveLength(4);
    expect(await lab.leftovers()).toEqual([]);
    host = undefined;
    expect(await sensor.stop()).toMatchObject({ state: 'off' });
    expect(await lab.programs()).toEqual([]);
  });

  test('starts nothing where it is switched off', async () => {
    host = lab.startHost({ source: 'off' });
    expect(await host.until('started')).toMatchObject({ state: 'off' });
    // Its own and the starter.
    expect(await lab.programs()).toHaveLength(2);
  });
});

/** Files and a socket as the daemon has them, in a directory that everybody may enter. */
async function openRootsPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'swt-capture-'));
  const [readable = '', secret = '', socket = ''] = ['readable', 'secret', 'control.sock'].map((name) =>
    join(directory, name),
  );
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  for (const [file, mode] of [
    [readable, 0o644],
    [secret, 0o600],
  ] as const)
    await writeFile(file, '', { mode });
  await chmod(socket, 0o660);
  await chmod(directory, 0o755);
  await runCommand('test', ['-S', socket]);
  return {
    readable,
    secret,
    socket,
    async remove() {
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

async function isAlive(pid: number): Promise<boolean> {
  return (await tryCommand('test', ['-d', `/proc/${pid}`])).exitCode === 0;
}
