// Who of those that are blocked is still sending: his member's counter moved between two readings of the kernel.
import type { HeldEntry, Place, SetName } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { keyOf } from './differences.ts';

export interface SendingWatch {
  /** What the kernel holds. Remembers whoever ends before `by`; who has longer to go is looked at later. */
  read(held: readonly HeldEntry[], by: Time): void;
  isSending(place: Place): boolean;
}

const watched: ReadonlySet<SetName> = new Set(['ban', 'drop']);

export function createSendingWatch(): SendingWatch {
  let counts = new Map<string, number>();
  let sending = new Set<string>();
  return {
    read(held, by) {
      const before = counts;
      counts = new Map();
      sending = new Set();
      for (const entry of held) {
        if (!watched.has(entry.set) || entry.until === undefined || entry.until > by) continue;
        const [key, packets] = [keyOf(entry), entry.packets ?? 0];
        counts.set(key, packets);
        if (packets > (before.get(key) ?? Number.POSITIVE_INFINITY)) sending.add(key);
      }
    },
    isSending: (place) => sending.has(keyOf(place)),
  };
}
