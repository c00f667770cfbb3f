// The one error type that carries a stable code and a cure for the person who reads it.

/** Codes are `AREA_REASON`, printed in brackets, and never renamed. `hint` says what to do about it. */
export class SipwardenError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SipwardenError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** Exit codes of every program of ours (0 is success). */
export const exitCode = { failed: 1, usage: 2, daemonNotReachable: 3, configuration: 78 } as const;

/** Undefined of what is no error of ours. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof SipwardenError ? error.code : undefined;
}

/** What to do about it, where somebody knows. */
export function hintOf(error: unknown): string | undefined {
  return error instanceof SipwardenError ? error.hint : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
