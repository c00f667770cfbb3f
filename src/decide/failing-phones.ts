// Phones with a wrong password among the failures from a shared address: one account that fails evenly and slowly,
// under one name, from ports that fail with no other account. Pure.
import type { StalePhone } from '../model/decision.ts';
import type { Attempt } from '../model/detection.ts';
import { steadyPeriodOf } from './steady-period.ts';

/** The one that failed last comes first. `leastPauseMs`: whoever tries oftener is no phone. */
export function failingPhonesAmong(attempts: readonly Attempt[], leastPauseMs: number): StalePhone[] {
  const byAccount = Map.groupBy(attempts, ({ account }) => account);
  const byPort = Map.groupBy(attempts, portKey);
  const sharesPort = (attempt: Attempt) =>
    byPort.get(portKey(attempt))?.some(({ account }) => account !== attempt.account) ?? false;

  return [...byAccount]
    .toSorted(([, one], [, other]) => other.at(-1)!.time - one.at(-1)!.time)
    .flatMap(([account, tries]) => {
      const [userAgent, ...others] = new Set(tries.flatMap((attempt) => attempt.userAgent ?? []));
      const everyMs = steadyPeriodOf(tries.map(({ time }) => time));
      const isOnePhone = others.length === 0 && !tries.some(sharesPort);
      if (account === undefined || everyMs === undefined || everyMs < leastPauseMs || !isOnePhone) return [];
      return [{ account, everyMs, ...(userAgent !== undefined && { userAgent }) }];
    });
}

function portKey({ from }: Attempt): string {
  return `${from.address} ${from.transport} ${from.port}`;
}
