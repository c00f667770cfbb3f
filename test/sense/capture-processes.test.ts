// The pair of programs where one of them misbehaves; the rest is shown by the packet sensor's own tests.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startCapture } from '../../src/sense/capture-processes.ts';
import { describeWhere } from '../prerequisites.ts';

jest.setTimeout(30_000);

const events = { onLive: () => {}, onMessage: () => {}, onRefused: () => {} };

describeWhere(['tcpdump'], 'a capture', () => {
  let runtimeDirectory = '';
  beforeEach(async () => {
    runtimeDirectory = await mkdtemp(join(tmpdir(), 'swt-capture-'));
  });
  afterEach(() => rm(runtimeDirectory, { recursive: true }));

  const start = (sidecarFile: string, args: readonly string[], liveWithinMs = 15_000) =>
    startCapture(
      { tcpdumpArguments: args, sidecarFile, sidecarUser: 'nobody', runtimeDirectory, liveWithinMs },
      events,
    );
  const silent = join(import.meta.dirname, 'programs/silent-sidecar.ts');

  test('ends both programs and says so where the sidecar never gets ready', async () => {
    const capture = await start(silent, ['-i', 'lo', '-w', '-'], 300);
    expect((await capture.ended).message).toMatch(/the sidecar did not get ready in time$/);
    expect(await readdir(runtimeDirectory)).toEqual([]);
  });

  test('says what tcpdump said where it cannot start, also when the sidecar must be ended', async () => {
    const capture = await start(silent, ['-i', 'nowhere0', '-w', '-']);
    expect((await capture.ended).message).toMatch(/^tcpdump exited \(1\): ".*nowhere0/);
    expect(await readdir(runtimeDirectory)).toEqual([]);
  });

  test('says that there is no directory to start in', async () => {
    await expect(
      startCapture(
        {
          tcpdumpArguments: [],
          sidecarFile: silent,
          sidecarUser: 'nobody',
          runtimeDirectory: join(runtimeDirectory, 'none'),
        },
        events,
      ),
    ).rejects.toThrow('ENOENT');
  });
});
