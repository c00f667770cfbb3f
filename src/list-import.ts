// A file becomes a list: all of it, or nothing. What must not be blocked is refused by line, as a single order would be.
import { setImmediate } from 'node:timers/promises';
import type { Imported, ImportProgress, Order } from './control/operations.ts';
import type { AddressList } from './decide/address-list.ts';
import { setCapacity } from './enforce/kernel-sets.ts';
import { listNameLimit } from './list-names.ts';
import { readList, recognise } from './lists/formats.ts';
import { type ImportPlan, planImport } from './lists/import-plan.ts';
import type { ListCells, ListRow } from './lists/list-row.ts';
import type { Lists } from './lists.ts';
import { isIPv6, type Network } from './model/address.ts';
import {
  isHostName,
  type ListEntry,
  type ListName,
  type ListTarget,
  networksOf,
} from './model/list-entry.ts';
import type { Time } from './model/time.ts';
import type { Objection, Permits } from './permits.ts';

export interface ListImportParts {
  readonly lists: Lists;
  readonly permits: Permits;
  readonly now: () => Time;
}

/** Checked between two turns of the event loop. */
const atOnce = 200;

const noObjections: ReadonlyMap<ListTarget, readonly Objection[]> = new Map();

type Remark = Imported['refused'][number];

export function createListImport({ lists, permits, now }: ListImportParts) {
  const readRows = async (
    text: string,
    { format = recognise(text) }: Pick<Order<'listImport'>, 'format'>,
  ) => {
    const cells = new Map<ListTarget, ListCells>();
    const lines = new Map<ListTarget, number>();
    const refused: Remark[] = [];
    const skipped: Remark[] = [];
    let count = 0;
    for await (const row of readList(text, format, now())) {
      count += 1;
      if (count % atOnce === 0) await setImmediate();
      note(row);
    }
    function note(row: ListRow) {
      if (row.kind !== 'entry') {
        const { line, reason } = row;
        (row.kind === 'bad' ? refused : skipped).push({ line, reason });
        return;
      }
      const { kind: _, line, ...entry } = row;
      const earlier = lines.get(entry.target);
      if (earlier !== undefined)
        skipped.push({ line, reason: `${entry.target} is on line ${earlier} already` });
      else {
        cells.set(entry.target, entry);
        lines.set(entry.target, line);
      }
    }
    return { format, cells, lines, refused, skipped };
  };

  /** With the answers of DNS, where a name is new. */
  const withAddresses = async (entries: readonly ListEntry[]): Promise<readonly ListEntry[]> => {
    const names = entries.filter(({ target, addresses }) => isHostName(target) && !addresses);
    if (names.length === 0 || lists.names().length + names.length > listNameLimit) return entries;
    const answers = await lists.lookUp(names.map(({ target }) => target));
    return entries.map((entry) => {
      const addresses = answers.get(entry.target);
      return addresses ? { ...entry, addresses } : entry;
    });
  };

  /** What is said against the entries, by target. */
  const objectionsTo = async (
    entries: readonly ListEntry[],
    from: string | undefined,
    onProgress: (progress: ImportProgress) => void,
  ): Promise<ReadonlyMap<ListTarget, readonly Objection[]>> => {
    const found = new Map<ListTarget, readonly Objection[]>();
    for (const [index, entry] of entries.entries()) {
      if (index % atOnce === 0) {
        await setImmediate();
        onProgress({ checked: index, of: entries.length });
      }
      const objections = permits.objections('deny', networksOf(entry), from);
      if (objections.length > 0) found.set(entry.target, objections);
    }
    onProgress({ checked: entries.length, of: entries.length });
    return found;
  };

  return async function importList(
    name: ListName,
    order: Order<'listImport'>,
    onProgress: (progress: ImportProgress) => void = () => {},
  ): Promise<Imported> {
    const { text, dryRun, replace, by, from, force } = order;
    const { format, cells, lines, refused, skipped } = await readRows(text, order);
    const terms = { author: by, time: now(), isReplacing: replace };
    const plan = planImport(lists[name], cells, terms);
    const added = await withAddresses(plan.added);
    const hit = name === 'deny' ? await objectionsTo(added, from, onProgress) : noObjections;
    const isFinal = (objections: readonly Objection[]) => objections.some((each) => each.isFinal);
    const refusedTargets = new Set(
      [...hit].flatMap(([target, objections]) => (isFinal(objections) || !force ? target : [])),
    );
    for (const target of refusedTargets)
      refused.push({ line: lines.get(target) ?? 0, reason: reasonOf(target, hit.get(target) ?? []) });
    const tooMuch = overfull(lists, name, { ...plan, added });
    if (tooMuch !== undefined) refused.push({ line: 0, reason: tooMuch });
    const report = {
      format,
      added: added.map(({ target }) => target).filter((target) => !refusedTargets.has(target)),
      changed: plan.changed.map(({ target }) => target),
      removed: plan.removed,
      unchanged: plan.unchanged,
      refused: refused.toSorted((one, other) => one.line - other.line),
      skipped: skipped.toSorted((one, other) => one.line - other.line),
    };
    if (dryRun || refused.length > 0) return { ...report, isDone: false, changes: [] };
    const changes = await Promise.all(
      [...hit].map(([target, objections]) => permits.begin('deny', target, objections, { by, from, force })),
    );
    await lists.change(name, { remove: plan.removed, add: [...added, ...plan.changed] });
    return { ...report, isDone: true, changes };
  };
}

function reasonOf(target: ListTarget, objections: readonly Objection[]): string {
  const final = objections.find(({ isFinal }) => isFinal);
  const { because, detail } = final ?? objections[0]!;
  return `${target} is ${because}, ${detail}${final ? '' : '; --force does it until confirmed'}`;
}

/** Why the list would be more than kernel or DNS take; undefined where it fits. */
export function overfull(
  lists: Lists,
  name: ListName,
  { added, removed }: Pick<ImportPlan, 'added' | 'removed'>,
): string | undefined {
  const coming = added.flatMap(networksOf);
  const isSmall = lists[name].networkCount + coming.length <= setCapacity[name];
  if (!isSmall && mostOfAFamily(lists[name], coming, removed) > setCapacity[name])
    return `the ${name}list would be longer than the ${setCapacity[name]} networks that the kernel holds`;
  const names = new Set([...lists.names(), ...added.map(({ target }) => target).filter(isHostName)]);
  return names.size > listNameLimit ? `no more than ${listNameLimit} host names can be followed` : undefined;
}

function mostOfAFamily(
  list: AddressList,
  coming: readonly Network[],
  removed: readonly ListTarget[],
): number {
  const networks = new Set<Network>(list.coverage().map(({ target }) => target));
  for (const target of removed) for (const network of networksOf(list.get(target)!)) networks.delete(network);
  for (const network of coming) networks.add(network);
  const ofIPv6 = [...networks].filter(isIPv6).length;
  return Math.max(ofIPv6, networks.size - ofIPv6);
}
