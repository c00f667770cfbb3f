// Fills the small disk that it is given, makes room again, starts once more on the full disk, and says on one line of
// JSON what the store did meanwhile.
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SipwardenError } from '../../../src/model/error.ts';
import { openStore } from '../../../src/store/store.ts';
import { attack, createAlarms, logger } from '../samples.ts';

const directory = process.argv[2] ?? '';
const ballast = join(directory, 'ballast');
writeFileSync(ballast, Buffer.alloc(1_000_000));
const alarms = createAlarms();
const open = () => openStore({ directory, now: Date.now, logger, alarms });
const save = (id: number) => store.saveAttack(attack(`a${id}`, { reason: 'x'.repeat(10_000) }));

const store = await open();
let saved = 0;
let code = '';
while (code === '' && saved < 1_000) {
  await save(saved).catch((error: SipwardenError) => {
    code = error.code;
  });
  saved += 1;
}
const readable = (await store.attacks({ limit: 1_000 })).length;
const alarm = alarms.active.has('STORE_FAILING');

rmSync(ballast);
for (let tries = 0; tries < 1_000 && store.health().state === 'failing'; tries += 1) await pause(10);
await save(saved);
saved += 1;
await store.close();

const isCleared = !alarms.active.has('STORE_FAILING');

fillUp();
const again = await open();
const found = (await again.attacks({ limit: 2_000 })).length;
await again.close();
process.stdout.write(`${JSON.stringify({ code, alarm, readable, saved, found, isCleared })}\n`);

function fillUp(): void {
  try {
    for (;;) appendFileSync(ballast, Buffer.alloc(4_096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
