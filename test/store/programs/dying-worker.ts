// The store's thread, but its first life ends at the third order that it gets, before it is carried out.
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const marker = `${workerData.path}.died`;
let orders = 0;
parentPort?.on('message', () => {
  orders += 1;
  if (orders < 3 || existsSync(marker)) return;
  writeFileSync(marker, '');
  process.exit(7);
});
await import('../../../src/store/worker.ts');
