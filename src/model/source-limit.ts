// A limit that a person gave a single source: more, or less, than a stranger may send.
import type { LimitName } from './enforcer.ts';
import type { ListEntry } from './list-entry.ts';

export interface SourceLimit extends ListEntry {
  readonly limit: LimitName;
  /** Of INVITEs, of TFTP requests, or of packets of any kind. A network shares it. */
  readonly perMinute: number;
}
