import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '../../src/lib/run-command.ts';

const program = join(import.meta.dirname, 'forged-sources-program.ts');

test('a million forged sources take less than 64 MiB in sidecar and daemon together', async () => {
  const { stdout } = await runCommand(process.execPath, ['--expose-gc', program, '1000000'], {
    timeoutMs: 600_000,
  });
  const { sidecar, daemon } = JSON.parse(stdout) as Record<'sidecar' | 'daemon', number>;
  process.stderr.write(`  sidecar ${sidecar.toFixed(1)} MiB, daemon ${daemon.toFixed(1)} MiB\n`);
  expect(daemon).toBeGreaterThan(1);
  expect(sidecar + daemon).toBeLessThan(64);
}, 610_000);
