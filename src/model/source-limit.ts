// A limit that a person gave a single source: more, or less, than a stranger may send.
import type { LimitName } from './enforcer.ts';
import type { ListEntry } from './list-entry.ts';

export interface SourceLimit extends ListEntry {
  readonly limit: LimitName;
  /** Of INVITEs, or of TFTP requests. A network shares it. */
  readonly perMinute: number;
}
