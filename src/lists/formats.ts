// The formats of files that can be imported, and which of them a text is.
import type { Time } from '../model/time.ts';
import { readCsv } from './csv.ts';
import type { ListRow } from './list-row.ts';
import { readCrowdsec, readFail2ban, readFreepbx, readIpset, readPlain } from './neighbours.ts';

const readers = {
  csv: readCsv,
  plain: readPlain,
  ipset: readIpset,
  fail2ban: readFail2ban,
  crowdsec: readCrowdsec,
  freepbx: readFreepbx,
} as const;
export type ListFormat = keyof typeof readers;
export const listFormats = Object.keys(readers) as readonly ListFormat[];

/** In the order in which they are asked. */
const marks: readonly (readonly [ListFormat, RegExp])[] = [
  ['ipset', /^(?:create|add) \S+ \S/m],
  ['freepbx', /^All (?:entries in zone|blacklisted entries)/m],
  ['fail2ban', /^\s*\[\{?'|^\s*\[\]\s*$|Banned IP list:|^\s*\S+\s+[\d-]{10} [\d:]{8} \+ -?\d+ = /m],
  ['crowdsec', /^\s*\[\s*\{|^id,source,ip,reason,action/],
  ['csv', /^[^#;\n]*[,\t]|^[^#;\s]+;\s*\S|^"/m],
  ['csv', /^\s*(?:address|target|ip|network)\s*$/im],
];

/** From how it begins. */
export function recognise(text: string): ListFormat {
  const beginning = text.replace(/^\uFEFF/, '').slice(0, 4_096);
  return marks.find(([, mark]) => mark.test(beginning))?.[0] ?? 'plain';
}

/** Every line that says something. */
export async function* readList(text: string, format: ListFormat, now: Time): AsyncGenerator<ListRow> {
  yield* readers[format](text, now);
}
