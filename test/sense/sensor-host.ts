// A daemon with nothing but the packet sensor, to be run inside a network namespace. Its only argument holds the
// sensor's parts; commands come as lines on standard input, facts leave as JSON lines.
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { captureSettings } from '../../src/capture/protocol.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { captureOptions } from '../../src/sense/capture-options.ts';
import { createPacketSensor } from '../../src/sense/packets.ts';
import { openStarter } from './starter.ts';

const { runtimeDirectory, sidecarFile, ...parts } = z
  .strictObject({
    options: captureOptions,
    settings: captureSettings,
    runtimeDirectory: z.string(),
    sidecarFile: z.string().exactOptional(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

const tell = (fact: object): void => void process.stdout.write(`${JSON.stringify(fact)}\n`);

const { sidecarLink, directory } = await openStarter(runtimeDirectory, sidecarFile);
const sensor = createPacketSensor({
  ...parts,
  sidecarLink,
  directory,
  logger: createLogger('info', 'sensor-host'),
  now: Date.now,
  alarms: {
    raise: (code, message, hint) => tell({ fact: 'raised', code, message, hint }),
    clear: (code) => tell({ fact: 'cleared', code }),
  },
});

const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const { busyMs, settings } = JSON.parse(line);
  if (busyMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs);
  if (settings) sensor.configure(captureSettings.parse(settings));
  tell({ fact: 'health', ...sensor.health() });
});
commands.on('close', async () => {
  await sensor.stop();
  sidecarLink.close();
  tell({ fact: 'stopped', ...sensor.health() });
});

await sensor.start({
  observe: (list) => tell({ fact: 'observations', at: Date.now(), list }),
  know() {},
});
tell({ fact: 'started', ...sensor.health() });
