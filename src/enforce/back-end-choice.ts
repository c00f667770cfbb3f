// Which back end carries out decisions on this machine: of several the first that works here. What another one of ours
// left in the kernel is taken over first and then removed, so that no ban ends and none is forgotten with it.
import type { Logger } from '../lib/logger.ts';
import type { BackEnd, Enforcer, HeldEntry } from '../model/enforcer.ts';
import { codeOf, messageOf } from '../model/error.ts';
import { firewallError } from './firewall-error.ts';

export interface BackEndChoiceParts {
  /** In the order of preference; of one alone the failure to prepare is told as it is. */
  readonly candidates: readonly Enforcer[];
  /** Others that may have been here before. */
  readonly others: readonly Enforcer[];
  readonly logger: Logger;
}

export function createBackEndChoice({ candidates, others, logger }: BackEndChoiceParts): Enforcer {
  let chosen: Enforcer | undefined;
  let because: string | undefined;
  /** Who watches the one that is chosen, as soon as there is one. */
  let waiting: ((enforcer: Enforcer) => void) | undefined;

  const prepared = (): Enforcer => {
    if (chosen) return chosen;
    throw firewallError('FIREWALL_NOT_PREPARED', 'no back end has been prepared');
  };
  const everyone = () => [...candidates, ...others];

  const choose = async (): Promise<Enforcer> => {
    const refusals: string[] = [];
    for (const candidate of candidates) {
      const { name } = candidate.backEnd();
      try {
        await candidate.prepare();
        because = candidates.length > 1 ? reasonFor(name, refusals) : undefined;
        return candidate;
      } catch (error) {
        if (candidates.length === 1 || !isUnusable(error)) throw error;
        refusals.push(`${name} cannot be used (${messageOf(error)})`);
      }
    }
    throw firewallError('FIREWALL_NO_BACK_END', `nothing here can block: ${refusals.join('; ')}`);
  };

  const takeOver = async (to: Enforcer, from: Enforcer) => {
    const left = await from.list().catch((error) => {
      if (isUnusable(error)) return undefined;
      throw error;
    });
    if (!left) return;
    const isPassing = ({ set }: HeldEntry) => set === 'allow' || set === 'shield';
    // Whoever is let through first, so that no ban hits him meanwhile.
    await Promise.allSettled(left.filter(isPassing).map(to.add));
    await Promise.allSettled(left.filter((entry) => !isPassing(entry)).map(to.add));
    await from.teardown();
    if (left.length > 0) {
      const [{ name }, { name: before }] = [to.backEnd(), from.backEnd()];
      logger.info({ backend: name, before, members: left.length }, 'members of another back end taken over');
    }
  };

  const takeOverAll = async (to: Enforcer) => {
    for (const from of everyone().filter((enforcer) => enforcer !== to)) {
      await takeOver(to, from).catch((error) => {
        const before = from.backEnd().name;
        logger.warn({ before, reason: messageOf(error) }, 'what another back end left could not be removed');
      });
    }
  };

  return {
    backEnd: (): BackEnd => ({
      ...(chosen ?? candidates[0]!).backEnd(),
      ...(because !== undefined && { because }),
    }),
    notices: () => (chosen ?? candidates[0]!).notices(),
    async prepare() {
      if (chosen) return chosen.prepare();
      const first = await choose();
      await takeOverAll(first);
      chosen = first;
      waiting?.(first);
      waiting = undefined;
      logger.info({ backend: first.backEnd().name, because }, 'firewall prepared');
    },
    add: async (entry) => prepared().add(entry),
    remove: async (place) => prepared().remove(place),
    /** Before one is chosen: what any of them has left. */
    async list() {
      if (chosen) return chosen.list();
      const left = await Promise.allSettled(everyone().map((enforcer) => enforcer.list()));
      return left.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    },
    drops: async () => prepared().drops(),
    damage: async () => prepared().damage(),
    watch(onChange) {
      let stop = () => {};
      const begin = (enforcer: Enforcer) => {
        stop = enforcer.watch(onChange);
      };
      if (chosen) begin(chosen);
      else waiting = begin;
      return () => {
        waiting = undefined;
        stop();
      };
    },
    async close() {
      await Promise.all(everyone().map((enforcer) => enforcer.close()));
    },
    async teardown() {
      chosen = undefined;
      const outcomes = await Promise.allSettled(everyone().map((enforcer) => enforcer.teardown()));
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      // Where one cannot even be asked there is nothing of it.
      const serious =
        failures.length === outcomes.length ? failures : failures.filter((error) => !isUnusable(error));
      if (serious.length > 0) throw serious[0];
    },
  };
}

function reasonFor(name: string, refusals: readonly string[]): string {
  return refusals.length === 0 ? `${name} works here` : `${name} works here; ${refusals.join('; ')}`;
}

function isUnusable(error: unknown): boolean {
  return ['FIREWALL_COMMAND_MISSING', 'FIREWALL_COMMAND_FAILED'].includes(codeOf(error) ?? '');
}
