// One bounded place per detector for what it remembers of each source; whoever was quiet longest leaves first.
import { LRUCache } from 'lru-cache';
import type { Network } from '../model/address.ts';

const maxSources = 65_536;

export interface SourceTable<State extends object> {
  of(source: Network): State;
  find(source: Network): State | undefined;
  forget(source: Network): void;
}

export function createSourceTable<State extends object>(create: () => State): SourceTable<State> {
  const states = new LRUCache<Network, State>({ max: maxSources });
  return {
    of(source) {
      const known = states.get(source);
      if (known) return known;
      const state = create();
      states.set(source, state);
      return state;
    },
    find: (source) => states.get(source),
    forget: (source) => {
      states.delete(source);
    },
  };
}
