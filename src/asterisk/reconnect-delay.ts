// How long to wait before the next connection: doubling, with jitter, so that a restarted PBX is not met by a crowd.

export interface ReconnectDelay {
  nextMs(): number;
  /** After a connection that held. */
  reset(): void;
}

export function createReconnectDelay(
  { leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number },
  random: () => number = Math.random,
): ReconnectDelay {
  let ceilingMs = leastMs;
  return {
    nextMs() {
      const delayMs = Math.max(leastMs, ceilingMs * (0.5 + random() / 2));
      ceilingMs = Math.min(mostMs, ceilingMs * 2);
      return Math.round(delayMs);
    },
    reset() {
      ceilingMs = leastMs;
    },
  };
}
