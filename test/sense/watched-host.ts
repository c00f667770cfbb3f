// A host sensor and everything it says, for tests that look on.
import { createLogger } from '../../src/lib/logger.ts';
import type { InventoryFact } from '../../src/model/inventory.ts';
import { createHostSensor } from '../../src/sense/host.ts';
import { type HostOptions, hostOptions } from '../../src/sense/host-options.ts';
import type { HostPaths } from '../../src/sense/host-paths.ts';
import { waitFor } from '../wait-for.ts';

type FactOf<Kind extends InventoryFact['kind']> = Extract<InventoryFact, { kind: Kind }>;

export type WatchedHost = Awaited<ReturnType<typeof watchHostSensor>>;

export async function watchHostSensor(paths: HostPaths, options: Partial<HostOptions> = {}) {
  let time = 1_700_000_000_000;
  const facts: InventoryFact[] = [];
  const alarms: string[] = [];
  const sensor = createHostSensor({
    options: hostOptions.parse(options),
    logger: createLogger('silent', 'test'),
    alarms: {
      raise: (code) => void alarms.push(`raised ${code}`),
      clear: (code) => void alarms.push(`cleared ${code}`),
    },
    now: () => time,
    paths,
  });
  await sensor.start({ observe() {}, know: (fact) => void facts.push(fact) });
  const ofKind = <Kind extends InventoryFact['kind']>(kind: Kind): readonly FactOf<Kind>[] =>
    facts.filter((fact): fact is FactOf<Kind> => fact.kind === kind);
  const administrators = () =>
    ofKind('administrators')
      .at(-1)
      ?.sessions.map(({ address }) => address);
  return {
    sensor,
    facts,
    alarms,
    /** The addresses of the last fact of their kind. */
    administrators,
    gateways: () => ofKind('gateways').at(-1)?.addresses,
    /** Every address that was ever handed on as an administrator's. */
    everAdministrators: () => [
      ...new Set(ofKind('administrators').flatMap(({ sessions }) => sessions.map(({ address }) => address))),
    ],
    untilAdministrators: (...addresses: readonly string[]) =>
      waitFor(`the administrators are [${addresses}]`, () => String(administrators()) === String(addresses)),
    pass(ms: number) {
      time += ms;
    },
  };
}
