// Points in time and durations. No clock is read here.

/** Milliseconds since the epoch. */
export type Time = number;

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const pattern = /^(\d{1,9})(ms|s|m|h|d|w)$/;

/** Reads `90s`, `10m`, `1h`, `7d`, `2w`; undefined for anything else. Returns milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

/** Writes milliseconds with the largest unit that divides them: 3600000 is `1h`, 5400000 is `90m`. */
export function formatDuration(ms: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    if (ms !== 0 && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return ms === 0 ? '0s' : `${ms}ms`;
}

const timePattern = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads ISO 8601, `2026-12-31` or `2026-12-31T18:00:00Z`; UTC where no zone is named. Undefined for anything else. */
export function parseTime(text: string): Time | undefined {
  const match = timePattern.exec(text.trim());
  if (!match) return undefined;
  const isLocal = match[1] === undefined && text.trim().length > 10;
  const time = Date.parse(`${text.trim().replace(' ', 'T')}${isLocal ? 'Z' : ''}`);
  return Number.isNaN(time) ? undefined : time;
}

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(time: Time): string {
  return new Date(time).toISOString();
}
