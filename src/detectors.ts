// The detectors as the configuration wants them: which run, with which options, and with others for some sources or
// victims; and how often each found something.
import { isDeepStrictEqual } from 'node:util';
import { contains, type Network } from './model/address.ts';
import type { Detection, Detector, DetectorContext, DetectorDefinition } from './model/detection.ts';
import type { Observation, ObservationKind } from './model/observation.ts';
import type { Time } from './model/time.ts';
import { type DetectOptions, type DetectorName, type DetectorState, definitions } from './registry.ts';

export interface Finding {
  readonly detection: Detection;
  /** It is recorded and told, and nobody is blocked for it. */
  readonly isOnlyObserved: boolean;
}

export interface Detectors {
  /** What each detector that watches such an observation finds in it. */
  find(observation: Observation): readonly Finding[];
  /** Starts afresh with a source. */
  forget(source: Network): void;
  /** From the next observation on. Whose options did not change goes on with what it counted. */
  configure(options: DetectOptions): void;
  /** Something was decided because of it. */
  count(detection: Detection): void;
  fired(name: string): Fired;
}

export interface Fired {
  readonly count: number;
  readonly lastTime?: Time;
}

interface Active extends Variant {
  readonly name: DetectorName;
  readonly watches: readonly ObservationKind[];
}

interface Variant {
  find(observation: Observation): Finding | undefined;
  forget(source: Network): void;
}

export function createDetectors(initial: DetectOptions, context: DetectorContext): Detectors {
  const counts = new Map<string, Fired>();
  const fired = (name: string): Fired => counts.get(name) ?? { count: 0 };
  let options = initial;
  let active = definitions.map(([name, definition]) => activate(name, definition, options, context));

  return {
    find: (observation) =>
      active.flatMap(({ watches, find }) =>
        watches.includes(observation.kind) ? (find(observation) ?? []) : [],
      ),
    forget(source) {
      const [address = ''] = source.split('/');
      // Patient ones are counted by a wider network.
      const counted = new Set([source, context.networkOf(address)]);
      for (const each of counted) for (const { forget } of active) forget(each);
    },
    configure(changed) {
      active = definitions.map(([name, definition]) => {
        const wanted = (of: DetectOptions) => [of[name], of.override];
        const running = active.find((each) => each.name === name);
        const isSame = isDeepStrictEqual(wanted(options), wanted(changed));
        return running && isSame ? running : activate(name, definition, changed, context);
      });
      options = changed;
    },
    count({ attack, time }) {
      counts.set(attack, { count: fired(attack).count + 1, lastTime: time });
    },
    fired,
  };
}

function activate(
  name: DetectorName,
  definition: DetectorDefinition,
  options: DetectOptions,
  context: DetectorContext,
): Active {
  const base = createVariant(definition, options[name], context);
  const exceptions = options.override.flatMap((override) => {
    const changed = override[name];
    if (!changed) return [];
    return [{ override, variant: createVariant(definition, { ...options[name], ...changed }, context) }];
  });
  return {
    name,
    watches: definition.watches,
    find(observation) {
      const exception = exceptions.findLast(({ override }) => concerns(override, observation));
      return (exception?.variant ?? base).find(observation);
    },
    forget(source) {
      for (const variant of [base, ...exceptions.map((exception) => exception.variant)])
        variant.forget(source);
    },
  };
}

function createVariant(
  definition: DetectorDefinition,
  { state, ...options }: { readonly state: DetectorState },
  context: DetectorContext,
): Variant {
  const detector: Detector | undefined = state === 'off' ? undefined : definition.create(options, context);
  return {
    find(observation) {
      const detection = detector?.observe(observation);
      return detection && { detection, isOnlyObserved: state === 'observe' };
    },
    forget: (source) => detector?.forget(source),
  };
}

/** Where it names sources and victims, both must be meant. */
function concerns(
  { sources, victims }: { readonly sources: readonly Network[]; readonly victims: readonly Network[] },
  { source, local }: Observation,
): boolean {
  const isIn = (networks: readonly Network[], address: string) =>
    networks.length === 0 || networks.some((network) => contains(network, address));
  return isIn(sources, source.address) && isIn(victims, local.address);
}
