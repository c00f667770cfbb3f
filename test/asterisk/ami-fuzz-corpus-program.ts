// Run on its own: searches for the shortest changed recording for each way to be tampered with or discarded, and writes it
// into the corpus with what was read. Inputs that are there stay, unless a shorter one is found.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { mutate, mutations, recordings } from './ami-mutations.ts';
import { summaryOf } from './read-ami.ts';

const corpus = 'fixtures/ami-fuzz';
const [runs = 20_000, seed = Date.now()] = process.argv.slice(2).map(Number);

fc.assert(
  fc.property(fc.constantFrom(...recordings), mutations, (recording, changes) => {
    const text = mutate(recording, changes);
    const { tampered, discarded } = summaryOf(text);
    for (const reason of new Set([...tampered, ...discarded])) {
      const file = join(corpus, `${reason}.txt`);
      const isShorter = !existsSync(file) || readFileSync(file).length > text.length;
      if (isShorter) writeFileSync(file, text, 'latin1');
    }
  }),
  { numRuns: runs, seed },
);
const inputs = readdirSync(corpus).filter((name) => name.endsWith('.txt'));
const expected = inputs
  .toSorted()
  .map((name) => [name, summaryOf(readFileSync(join(corpus, name), 'latin1'))] as const);
writeFileSync(join(corpus, 'expected.json'), `${JSON.stringify(Object.fromEntries(expected), null, 2)}\n`);
