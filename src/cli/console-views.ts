// The answers on Asterisk's command line: a few short lines, the most important first, since no more than 1,000 bytes are
// shown there.
import type { Explanation, Forced, Status } from '../control/operations.ts';
import type { Attack } from '../model/attack.ts';
import { describeRadius } from '../model/blast-radius.ts';
import type { Decision } from '../model/decision.ts';
import { clock, plain } from './print.ts';
import { causeOf } from './views.ts';

export const viewForConsole = {
  status({ summary, inForce, sensors, alarms }: Status): string {
    return lines([
      summary,
      `in force: ${inForce.bans} bans, ${inForce.drops} drops, ${inForce.ports} single ports; ${inForce.held} held`,
      ...alarms.map(({ code, message }) => `ALARM [${code}] ${message}`),
      ...sensors.map(({ name, state }) => `${name}: ${state}`),
    ]);
  },
  bans(decisions: readonly Decision[]): string {
    if (decisions.length === 0) return 'nobody is blocked';
    const newest = decisions.toReversed().map((decision) => {
      const { target, port, action, enforced, until } = decision;
      const place = port ? `${target} ${port.protocol} port ${port.port}` : target;
      return `${place} ${enforced ? action : `(${action})`} until ${clock(until)}: ${causeOf(decision)}`;
    });
    return lines([`${decisions.length} in force, the newest first:`, ...newest]);
  },
  attacks(attacks: readonly Attack[]): string {
    if (attacks.length === 0) return 'no attacks';
    return lines(
      attacks.map(
        ({ lastTime, source, attack, proof, messages, action }) =>
          `${clock(lastTime)} ${source} ${attack} (${proof}), ${messages} messages: ${action}`,
      ),
    );
  },
  banned({ result: { target, until } }: Forced<Decision>): string {
    return `${target} is blocked until ${clock(until)}`;
  },
  unbanned({ target, wasInForce }: { readonly target: string; readonly wasInForce: boolean }): string {
    return wasInForce ? `${target} is not blocked any more` : `${target} was not blocked`;
  },
  explanation({ verdict, behind, attacks, timeline }: Explanation): string {
    return lines([
      verdict,
      `behind it: ${describeRadius(behind)}`,
      ...attacks.map(
        ({ attack, proof, messages, reason }) => `${attack} (${proof}), ${messages} messages: ${reason}`,
      ),
      ...timeline.map(({ time, what, detail }) => `${clock(time)} ${what}: ${detail}`),
    ]);
  },
} as const;

function lines(all: readonly string[]): string {
  return all.map(plain).join('\n');
}
