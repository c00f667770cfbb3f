// The part of sip 0.0.6 (which brings no types) that the benchmark compares with.
declare module 'sip' {
  /** Undefined where it is no message. */
  export function parse(message: Buffer): { readonly headers: Readonly<Record<string, unknown>> } | undefined;
}
