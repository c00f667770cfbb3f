// The pair of programs where one of them misbehaves; the rest is shown by the packet sensor's own tests.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type Capture, startCapture } from '../../src/sense/capture-processes.ts';
import { createSidecarLink, type SidecarLink } from '../../src/sense/sidecar-link.ts';
import { describeWhere } from '../prerequisites.ts';
import { openStarter } from './starter.ts';

jest.setTimeout(30_000);

const events = { onLive: () => {}, onMessage: () => {}, onRefused: () => {} };

describeWhere(['root', 'tcpdump'], 'a capture', () => {
  let runtimeDirectory = '';
  let sidecarLink: SidecarLink | undefined;
  beforeEach(async () => {
    runtimeDirectory = await mkdtemp(join(tmpdir(), 'swt-capture-'));
  });
  afterEach(async () => {
    sidecarLink?.close();
    await rm(runtimeDirectory, { recursive: true });
  });

  const silent = join(import.meta.dirname, 'programs/silent-sidecar.ts');
  const start = async (tcpdumpArguments: readonly string[], liveWithinMs = 15_000): Promise<Capture> => {
    const { directory, ...starter } = await openStarter(runtimeDirectory, silent);
    sidecarLink = starter.sidecarLink;
    return startCapture({ tcpdumpArguments, sidecarLink, directory, liveWithinMs }, events);
  };
  const leftovers = () => readdir(join(runtimeDirectory, 'capture'));

  test('ends both programs and says so where the sidecar never gets ready', async () => {
    const capture = await start(['-i', 'lo', '-w', '-'], 300);
    expect((await capture.ended).message).toMatch(/the sidecar did not get ready in time$/);
    expect(await leftovers()).toEqual([]);
  });

  test('says what tcpdump said where it cannot start, also when the sidecar must be ended', async () => {
    const capture = await start(['-i', 'nowhere0', '-w', '-']);
    expect((await capture.ended).message).toMatch(/^tcpdump exited \(1\): ".*nowhere0/);
    expect(await leftovers()).toEqual([]);
  });

  test('says that the starter of sidecars is not there, and what to do', async () => {
    const command = { tcpdumpArguments: ['-i', 'lo', '-w', '-'], directory: runtimeDirectory };
    sidecarLink = createSidecarLink(join(runtimeDirectory, 'none'));
    const capture = await startCapture({ ...command, sidecarLink }, events);
    expect(await capture.ended).toEqual({
      message: 'the sidecar could not be started: "its starter is gone (ENOENT)"',
      hint: expect.stringMatching(/^restart sipwarden, as root/),
    });
    expect(await readdir(runtimeDirectory)).toEqual([]);
  });

  test('says that there is no directory to start in', async () => {
    sidecarLink = createSidecarLink(join(runtimeDirectory, 'none'));
    const directory = join(runtimeDirectory, 'none');
    await expect(startCapture({ tcpdumpArguments: [], sidecarLink, directory }, events)).rejects.toThrow(
      'ENOENT',
    );
  });
});
