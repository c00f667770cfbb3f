// What the store's two threads say to each other.
import type { StatementName } from './statements.ts';

export interface Statement {
  readonly name: StatementName;
  readonly parameters: Readonly<Record<string, string | number | null>>;
}

/** Codes STORE_*; an error object would lose its code on the way between threads. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Order =
  | { readonly kind: 'write'; readonly writes: readonly Statement[] }
  | { readonly kind: 'read'; readonly statement: Statement };

export type Request = (Order & { readonly id: number }) | { readonly kind: 'close' };

/** By place in the batch: writes that the database will never accept, whatever is done about it. */
export type RefusedWrites = ReadonlyMap<number, string>;

export type Reply =
  | { readonly kind: 'open'; readonly movedAside: string | undefined }
  | { readonly kind: 'cannot-open'; readonly failure: Failure }
  | { readonly kind: 'written'; readonly id: number; readonly refused: RefusedWrites }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly unknown[] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };
