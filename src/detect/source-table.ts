// One bounded place per detector for what it remembers of each source. A source that proved itself is kept where forged
// ones cannot push it out; of one that could be forged, and has to make room, the count is kept.
import { createLru } from '../lib/lru.ts';
import type { Network } from '../model/address.ts';
import type { DetectorContext, Faded } from '../model/detection.ts';
import type { Proof } from '../model/observation.ts';

const mostSources = { asserted: 256, proven: 4_096 } as const;

export interface SourceTable<State extends object> {
  of(source: Network, proof: Proof): State;
  forget(source: Network): void;
}

export interface SourceTableParts<State extends object> {
  /** The detector's. */
  readonly name: string;
  readonly context: Pick<DetectorContext, 'faded'>;
  create(before: Faded | undefined): State;
  /** What is to be remembered of a state that has to go. */
  fade(state: State): Faded | undefined;
}

export function createSourceTable<State extends object>(parts: SourceTableParts<State>): SourceTable<State> {
  const { name, context, create, fade } = parts;
  const keyOf = (source: Network) => `${name} ${source}`;
  const proven = createLru<Network, State>(mostSources.proven);
  const asserted = createLru<Network, State>(mostSources.asserted, (state, source, reason) => {
    const faded = reason === 'evict' ? fade(state) : undefined;
    if (faded) context.faded.put(keyOf(source), faded);
  });
  const find = (source: Network) => proven.get(source) ?? asserted.get(source);

  return {
    of(source, { level }) {
      const state = find(source) ?? create(context.faded.take(keyOf(source)));
      if (level === 'proven' && !proven.has(source)) {
        asserted.delete(source);
        proven.set(source, state);
      } else if (!proven.has(source)) asserted.set(source, state);
      return state;
    },
    forget(source) {
      proven.delete(source);
      asserted.delete(source);
      context.faded.take(keyOf(source));
    },
  };
}
