// Records scenarios of fixtures/scenarios anew: all that are written down in test/lab/scenarios, or those that are named.
// What is expected of each is written by hand.
import { listenerPiece } from './ami-recording.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { record, type Scenario } from './recorder.ts';
import { callScenarios } from './scenarios/calls.ts';
import { fileScenarios } from './scenarios/files.ts';
import { guessingScenarios } from './scenarios/guessing.ts';
import { probingScenarios } from './scenarios/probing.ts';
import { tellingScenarios } from './scenarios/telling.ts';

const all: readonly Scenario[] = [
  ...guessingScenarios,
  ...probingScenarios,
  ...callScenarios,
  ...fileScenarios,
  ...tellingScenarios,
];
const named = process.argv.slice(2);
const unknown = named.filter((name) => !all.some((scenario) => scenario.name === name));
if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}`);

for (const scenario of all) {
  if (named.length > 0 && !named.includes(scenario.name)) continue;
  process.stdout.write(`${scenario.name}\n`);
  // A PBX of its own: nothing of the scenario before is known to it.
  let network: Network | undefined;
  let asterisk: Asterisk | undefined;
  try {
    network = await createNetwork();
    asterisk = await startAsterisk(network, 'pbx', { files: listenerPiece });
    await record(network, scenario);
  } finally {
    await asterisk?.stop();
    await network?.close();
  }
}
