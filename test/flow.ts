// The flow without its surroundings: what is observed goes in, what is decided and done outside is written down.
import { configSchema } from '../src/config-schema.ts';
import { createAddressList } from '../src/decide/address-list.ts';
import type { ShieldChange } from '../src/decide/shield.ts';
import type { Attack } from '../src/model/attack.ts';
import type { Decision } from '../src/model/decision.ts';
import type { Geography } from '../src/model/geography.ts';
import type { ShieldEntry } from '../src/model/shield-entry.ts';
import { createPipeline } from '../src/pipeline.ts';
import { nowhere } from './geographies.ts';
import { attacker, failure, pbx, proven, success } from './observations.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const start = 100 * day;

export function run(
  changes: Record<string, unknown> = {},
  shielded: readonly ShieldEntry[] = [],
  geography: Geography = nowhere,
  decisions: readonly Decision[] = [],
) {
  const decided: Decision[] = [];
  const attacks = new Map<string, Attack>();
  const unblocked: string[] = [];
  const passed: string[] = [];
  const urgent: string[] = [];
  const shieldChanges: ShieldChange[] = [];
  const collapsed: string[] = [];
  let looked = 0;
  let ids = 0;
  const allowlist = createAddressList();
  const pipeline = createPipeline({
    settings: configSchema.parse(changes),
    allowlist,
    ownAddresses: () => [pbx.address],
    newId: () => `${ids++}`,
    shielded,
    geography,
    decisions,
    effects: {
      block: async (decision) => void decided.push(decision),
      unblock: async (target, places) => {
        const below = places.map(({ set, port }) => port?.port ?? set);
        unblocked.push([target, ...below].join(' '));
      },
      expel: () => void looked++,
      shield: (change) => void shieldChanges.push(change),
      report: (attack) => void attacks.set(attack.id, attack),
      alarm: ({ attack, source }) => void urgent.push(`${attack} ${source}`),
      passed: ({ target }, { kind }) => void passed.push(`${kind} ${target}`),
      collapsed: (address) => void collapsed.push(address),
    },
  });
  return {
    pipeline,
    decided,
    /** `ban 203.0.113.66`, `port-ban 203.0.113.66:5061` */
    actions: () =>
      decided.map(({ action, target, port }) => `${action} ${target}${port ? `:${port.port}` : ''}`),
    attacks: () => [...attacks.values()],
    allowlist,
    unblocked,
    passed,
    urgent,
    shieldChanges,
    collapsed,
    /** How often the PBX was told to look for whom to put out. */
    looked: () => looked,
  };
}

/** One more than is forgiven, 10 ms apart. */
export const guesses = (some: Parameters<typeof failure>[0] = {}, at = start, count = 11) =>
  Array.from({ length: count }, (_, index) => failure({ time: at + index * 10, ...some }));

export const provenGuesses = (at = start, some: Parameters<typeof failure>[0] = {}) =>
  guesses({ proof: proven(at), ...some }, at);

/** A phone that has long been ours. */
export const shield = (some: Partial<ShieldEntry> = {}): ShieldEntry => ({
  kind: 'phone',
  target: attacker.address,
  name: '100',
  why: 'it authenticated',
  since: start - 10 * day,
  provenSince: start - 10 * day,
  lastSeen: start,
  until: start + day,
  ports: [{ protocol: 'udp', port: 5060 }],
  ...some,
});

/** Phones that registered, proven, one account and port each. */
export const registrations = (count: number, at: number, address: string = attacker.address) =>
  Array.from({ length: count }, (_, index) =>
    success({
      time: at,
      account: `${200 + index}`,
      source: { address, port: 6_000 + index },
      proof: proven(at),
      callId: `register-${index}`,
    }),
  );
