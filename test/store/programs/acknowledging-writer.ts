// Stores decisions for ever, and says the id of each one as soon as it was acknowledged. Its test kills it.
import { openStore } from '../../../src/store/store.ts';
import { createAlarms, decision, logger } from '../samples.ts';

const directory = process.argv[2] ?? '';
const store = await openStore({ directory, now: Date.now, logger, alarms: createAlarms() });
for (let first = 0; ; first += 10) {
  const ids = Array.from({ length: 10 }, (_, index) => `d${first + index}`);
  await Promise.all(
    ids.map(async (id) => {
      await store.saveDecision(decision(id));
      process.stdout.write(`${id}\n`);
    }),
  );
}
