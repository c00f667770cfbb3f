// What nft says is in our table. Others may have written there, and what they wrote is not ours.
import { z } from 'zod';
import type { HeldEntry } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { type NftHeader, type NftSet, nftSetNamed, placeOfElement } from './nft-sets.ts';

const key = z.union([z.string(), z.object({ concat: z.tuple([z.string(), z.number(), z.number()]) })]);
const element = z.union([
  z.object({
    elem: z.object({
      val: key,
      /** Seconds left. */
      expires: z.number().optional(),
      counter: z.object({ packets: z.number() }).optional(),
    }),
  }),
  key.transform((val) => ({ elem: { val, expires: undefined, counter: undefined } })),
]);
const set = z.object({
  table: z.literal('sipwarden'),
  name: z.string(),
  type: z.union([z.string().transform((type) => [type]), z.array(z.string())]),
  size: z.number().default(0),
  flags: z.union([z.string().transform((flag) => [flag]), z.array(z.string())]).default([]),
  stmt: z.array(z.looseObject({})).default([]),
  elem: z.array(z.unknown()).default([]),
});
const counter = z.object({
  table: z.literal('sipwarden'),
  name: z.string(),
  packets: z.number(),
});

/** A set of members of ours as it is in the kernel. */
export interface ListedSet {
  readonly set: NftSet;
  readonly header: NftHeader;
  /** Whether it counts packets and lets members run out. */
  readonly isWhole: boolean;
  readonly elements: readonly unknown[];
}

/** From the output of `nft -j -n`, one document in a line. */
export function listedSets(output: string): readonly ListedSet[] {
  return objectsOf(output, 'set').flatMap((object) => {
    const parsed = set.safeParse(object);
    const ours = parsed.success ? nftSetNamed(parsed.data.name) : undefined;
    if (!parsed.success || !ours) return [];
    const { type, size, flags, stmt, elem } = parsed.data;
    return {
      set: ours,
      header: { type: type.join(' . '), size },
      isWhole: flags.includes('timeout') && stmt.some((statement) => 'counter' in statement),
      elements: elem,
    };
  });
}

export function heldEntries({ set, elements }: ListedSet, now: Time): readonly HeldEntry[] {
  return elements.flatMap((found) => {
    const parsed = element.safeParse(found);
    const place = parsed.success ? placeOfElement(set, parsed.data.elem.val) : undefined;
    if (!parsed.success || !place) return [];
    const { expires, counter } = parsed.data.elem;
    const packets = counter?.packets ?? 0;
    return {
      ...place,
      ...(expires !== undefined && { until: now + expires * 1_000 }),
      ...(packets > 0 && { packets }),
    };
  });
}

/** Packets of each named counter. */
export function listedCounters(output: string): ReadonlyMap<string, number> {
  return new Map(
    objectsOf(output, 'counter').flatMap((object) => {
      const parsed = counter.safeParse(object);
      return parsed.success ? [[parsed.data.name, parsed.data.packets] as const] : [];
    }),
  );
}

const documentOf = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });

function objectsOf(output: string, kind: string): readonly unknown[] {
  return output.split('\n').flatMap((line) => {
    // Some builds of nft show a prompt before it.
    const start = line.indexOf('{"nftables"');
    if (start < 0) return [];
    const { nftables } = documentOf.parse(JSON.parse(line.slice(start)));
    return nftables.flatMap((object) => object[kind] ?? []);
  });
}
