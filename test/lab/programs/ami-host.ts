// The AMI sensor alone, to be run on the PBX host: says every fact and alarm.
import { createLogger } from '../../../src/lib/logger.ts';
import type { InventoryFact } from '../../../src/model/inventory.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { amiOptions, createAmiSensor } from '../../../src/sense/ami.ts';
import { nobodyExpelled } from '../../asterisk/nobody-expelled.ts';
import { readOptions, say } from './program.ts';

export type AmiFinding =
  | { readonly said: 'fact'; readonly fact: InventoryFact }
  | { readonly said: 'observations'; readonly observations: readonly Observation[] }
  | { readonly said: 'raised'; readonly code: string; readonly message: string }
  | { readonly said: 'cleared'; readonly code: string }
  | { readonly said: 'detail'; readonly detail: string };

const { secretFile } = readOptions<{ readonly secretFile: string }>();
const sensor = createAmiSensor({
  options: amiOptions.parse({ secret_file: secretFile }),
  logger: createLogger('warn', 'ami-host'),
  now: Date.now,
  expelled: nobodyExpelled,
  alarms: {
    raise: (code, message) => say<AmiFinding>({ said: 'raised', code, message }),
    clear: (code) => say<AmiFinding>({ said: 'cleared', code }),
  },
});
process.once('SIGTERM', () => void sensor.stop());
await sensor.start({
  observe: (observations) => say<AmiFinding>({ said: 'observations', observations }),
  know(fact) {
    say<AmiFinding>({ said: 'fact', fact });
    say<AmiFinding>({ said: 'detail', detail: sensor.health().detail });
  },
});
