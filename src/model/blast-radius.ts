// Who would be cut off with an address: how many, and in words. Pure.
import type { BlastRadius } from './shield-entry.ts';

export function sizeOf({ phones, trunks, calls }: BlastRadius): number {
  return phones + trunks + calls;
}

export function describeRadius({ phones, trunks, calls }: BlastRadius): string {
  const counted = [
    [phones, 'phone'],
    [trunks, 'trunk'],
    [calls, 'live call'],
  ] as const;
  const words = counted
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? '' : 's'}`);
  return words.join(', ') || 'nobody of ours';
}
