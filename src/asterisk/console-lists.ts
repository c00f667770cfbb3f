// The lists that Asterisk's command line shows: who is blocked, and the latest attacks. Bounded: of too many the oldest
// leave; and drops, which forged packets make, never push out bans.
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import type { Attack } from '../model/attack.ts';
import type { Action, Decision } from '../model/decision.ts';
import type { Tell } from '../model/happening.ts';
import { isoTime, type Time } from '../model/time.ts';
import type { AmiActions } from './ami-actions.ts';
import { createDatabaseMirror } from './database-mirror.ts';

export interface ConsoleLists {
  readonly tell: Tell;
  connect(actions: AmiActions | undefined): void;
  stop(): void;
}

const most = { bans: 1_000, drops: 200, attacks: 100 } as const;
const blocking: ReadonlySet<Action> = new Set(['ban', 'drop', 'port-ban', 'limit']);

interface Line {
  readonly target: string;
  readonly until?: Time | undefined;
}

export function createConsoleLists(now: () => Time): ConsoleLists {
  const mirror = createDatabaseMirror(['ban', 'attack']);
  const shown = {
    bans: new Map<string, Line>(),
    drops: new Map<string, Line>(),
    attacks: new Map<string, Line>(),
  };
  const remove = (key: string): void => {
    for (const list of Object.values(shown)) list.delete(key);
    mirror.remove(key);
  };
  const show = (list: keyof typeof shown, key: string, line: Line, text: () => string): void => {
    for (const each of Object.values(shown)) each.delete(key);
    shown[list].set(key, line);
    mirror.put(key, text);
    const [oldest] = shown[list].keys();
    if (shown[list].size > most[list] && oldest !== undefined) remove(oldest);
  };
  /** No line ends before it. */
  let firstEnd = Number.POSITIVE_INFINITY;
  const removeOver = (): void => {
    const time = now();
    firstEnd = Number.POSITIVE_INFINITY;
    for (const list of [shown.bans, shown.drops]) {
      for (const [key, { until = Number.POSITIVE_INFINITY }] of list) {
        if (until <= time) remove(key);
        else firstEnd = Math.min(firstEnd, until);
      }
    }
  };
  const endings = createDeadlineTimer({
    nextDeadline: () => (firstEnd === Number.POSITIVE_INFINITY ? undefined : firstEnd),
    wake: removeOver,
    now,
    leastMs: 1_000,
  });
  return {
    tell(happening) {
      if (happening.kind === 'attacked') {
        const { attack } = happening;
        show('attacks', attackKey(attack), { target: attack.source }, () => attackText(attack));
      } else if (happening.kind === 'decided' && blocking.has(happening.decision.action)) {
        const { decision } = happening;
        const { target, until } = decision;
        const list = decision.action === 'drop' ? 'drops' : 'bans';
        show(list, banKey(decision), { target, until }, () => banText(decision));
        firstEnd = Math.min(firstEnd, until ?? firstEnd);
        endings.rearm();
      } else if (happening.kind === 'unblocked') {
        const { target, places, isWhole } = happening;
        for (const place of places) remove(banKey(place));
        if (!isWhole) return;
        for (const list of [shown.bans, shown.drops]) {
          for (const [key, line] of list) if (line.target === target) remove(key);
        }
      }
    },
    connect: mirror.connect,
    stop() {
      endings.stop();
      mirror.stop();
    },
  };
}

function banKey({ target, port }: Pick<Decision, 'target' | 'port'>): string {
  return port ? `ban/${target} ${port.protocol} port ${port.port}` : `ban/${target}`;
}

function banText({ action, enforced, until, cause }: Decision): string {
  const why = cause.kind === 'detection' ? `${cause.attack} (${cause.proof})` : 'order';
  return `${enforced ? action : `(${action})`} until ${until === undefined ? 'for good' : isoTime(until)}: ${why}`;
}

function attackKey({ firstTime, source, attack }: Attack): string {
  return `attack/${isoTime(firstTime)} ${source} ${attack}`;
}

function attackText({ proof, messages, action, lastTime }: Attack): string {
  return `${proof}, ${messages} messages, last ${isoTime(lastTime)}: ${action}`;
}
