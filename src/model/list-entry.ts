// One entry of the allowlist or the denylist: what, why, by whom, until when.
import { type Address, type Network, parseNetwork } from './address.ts';
import { networksOfRange, parseRange } from './address-range.ts';
import type { Time } from './time.ts';

export const listNames = ['allow', 'deny'] as const;
export type ListName = (typeof listNames)[number];

/** Canonical text of an address, a network, a range of addresses or a host name; equal targets are equal strings. */
export type ListTarget = string;

export interface ListEntry {
  readonly target: ListTarget;
  readonly note: string;
  readonly author: string;
  readonly time: Time;
  /** Absent for what stays until it is taken off. */
  readonly until?: Time;
  /** Of a host name: the last good answer, sorted; absent where there never was one. */
  readonly addresses?: readonly Address[];
}

/** What becomes of a list in one step: entries that go, and entries that come, each in the place of one of its target. */
export interface ListChange {
  readonly remove?: readonly ListTarget[];
  readonly add?: readonly ListEntry[];
}

/** What such texts may be, for a person. */
export const listTargetForm = 'an address, a network, a range such as 192.0.2.10-192.0.2.99, or a host name';

/** Undefined where the text is no target, or everybody. */
export function parseListTarget(text: string): ListTarget | undefined {
  const trimmed = text.trim();
  const network = parseNetwork(trimmed);
  if (network !== undefined) return network.endsWith('/0') ? undefined : network;
  return parseRange(trimmed) ?? parseHostName(trimmed);
}

export function isHostName(target: ListTarget): boolean {
  return !target.includes(':') && /[a-z]/.test(target);
}

/** What the kernel has to hold for it; nothing for a name that never had an answer. */
export function networksOf({ target, addresses = [] }: ListEntry): readonly Network[] {
  if (isHostName(target)) return addresses;
  return target.includes('-') ? networksOfRange(target) : [target];
}

/** With a dot, and a top-level domain that is no number, so that no mistyped address becomes a name. */
function parseHostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  const isName = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(
    name,
  );
  return isName && name.length <= 253 ? name : undefined;
}
