// A host where everything goes wrong: the enforcer in a namespace, with programs that misbehave and others who change the
// firewall; and a model of what the kernel must hold in the end.
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { watchFirewall } from '../../src/enforce/firewall-watch.ts';
import { guarded } from '../../src/enforce/guard.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createReconciler, type Reconciler } from '../../src/enforce/reconciler.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { createMisbehavingPrograms, type MisbehavingPrograms } from './misbehaving-programs.ts';
import { type KernelMember, type Namespace, openNamespace } from './namespace.ts';
import { testLimit, testRules } from './test-rules.ts';

const rules = testRules({ hotTexts: ['friendly-scanner'], limits: [testLimit()], banScope: 'all-ports' });
/** A program that is silent for longer hangs. Milliseconds. */
const answerWithinMs = 250;
const saves = { 4: 'iptables-save', 6: 'ip6tables-save' } as const;
export const families = [4, 6] as const;
export type Family = (typeof families)[number];
const allowlisted = ['198.51.100.1', '198.51.100.2', '2001:db8:a::1'];
const blocking: ReadonlySet<string> = new Set(['ban', 'drop', 'order', 'port']);

export interface ForeignRule {
  readonly family: Family;
  readonly table: 'raw' | 'filter';
  /** As iptables-save prints it. */
  readonly text: string;
}

export interface ChaosSite {
  readonly namespace: Namespace;
  readonly programs: MisbehavingPrograms;
  readonly allowlisted: readonly string[];
  reconciler(): Reconciler;
  /** What is wanted, by the text of its place. */
  readonly model: Map<string, Entry>;
  /** Rules of others that must be there. */
  readonly foreign: Set<ForeignRule>;
  /** The present enforcer is given up as it is, and another one starts with what the model holds. */
  restart(): Promise<void>;
  killSessions(): Promise<void>;
  /** What no moment may show, as sentences. */
  violations(): Promise<readonly string[]>;
  /** What differs between kernel and model, as sentences. */
  differences(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** The place of an entry or a member of the kernel. */
export function textOf({ set, target, port }: Pick<KernelMember, 'set' | 'target' | 'port'>): string {
  return [set, target, port?.protocol, port?.port].join(' ').trim();
}

export async function openChaosSite(): Promise<ChaosSite> {
  const namespace = await openNamespace();
  const programs = await createMisbehavingPrograms();
  const model = new Map<string, Entry>();
  const foreign = new Set<ForeignRule>();
  const created: { readonly enforcer: Enforcer; readonly reconciler: Reconciler; stopWatching(): void }[] =
    [];

  const create = () => {
    const kernel = createIpsetEnforcer({
      rules,
      now: Date.now,
      commandPrefix: [...namespace.prefix, ...programs.prefix],
      answerWithinMs,
    });
    const enforcer = guarded(kernel, ({ target }) =>
      allowlisted.includes(target) ? [{ because: 'allowlisted', detail: 'a test' }] : [],
    );
    const reconciler = createReconciler({
      enforcer,
      alarms: { raise: () => {}, clear: () => {} },
      now: Date.now,
      logger: pino({ level: 'silent' }),
    });
    const stopWatching = watchFirewall({ enforcer, reconciler });
    created.push({ enforcer, reconciler, stopWatching });
    return reconciler;
  };
  const giveUp = () => {
    const last = created.at(-1);
    last?.stopWatching();
    return last?.reconciler.stop();
  };
  const isWanted = ({ until }: Entry) => until === undefined || until > Date.now();

  let reconciler = create();
  await reconciler.start([]);
  const savedBy = async (family: Family) => (await namespace.run(saves[family], [])).split('\n');
  const saved = async () => ({ 4: await savedBy(4), 6: await savedBy(6) });
  const whole = await saved();

  return {
    namespace,
    programs,
    allowlisted,
    model,
    foreign,
    reconciler: () => reconciler,
    async restart() {
      void giveUp();
      reconciler = create();
      await reconciler.start([...model.values()].filter(isWanted));
    },
    async killSessions() {
      const pids = (await namespace.run('ip', ['netns', 'pids', namespace.name])).split('\n').filter(Boolean);
      for (const pid of pids.map(Number)) {
        const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
        if (name === 'ipset\n') process.kill(pid, 'SIGKILL');
      }
    },
    async violations() {
      const found: string[] = [];
      const now = await saved();
      for (const family of families) {
        const isLedTo = now[family].some((line) => isOurs(line) && !isInChain(line));
        const isComplete = sameText(now[family].filter(isInChain), whole[family].filter(isInChain));
        if (isLedTo && !isComplete) found.push(`a half applied chain (IPv${family})`);
      }
      for (const { set, target } of await namespace.members()) {
        if (blocking.has(set) && allowlisted.includes(target)) found.push(`${target} in ${set}`);
      }
      return found;
    },
    async differences() {
      const now = await saved();
      const members = new Map((await namespace.members()).map((member) => [textOf(member), member]));
      const wanted = new Map([...model].filter(([, entry]) => isWanted(entry)));
      const ours = families.filter(
        (family) => !sameText(now[family].filter(isOurs), whole[family].filter(isOurs)),
      );
      const lost = [...foreign].filter(({ family, text }) => !now[family].includes(text));
      return [
        ...ours.map((family) => `rules of IPv${family}`),
        ...lost.map(({ text }) => `lost: ${text}`),
        ...[...members.keys()].filter((key) => !wanted.has(key)).map((key) => `too much: ${key}`),
        ...[...wanted]
          .filter(([key, entry]) => !agrees(entry, members.get(key)))
          .map(([key]) => `not as wanted: ${key}`),
      ];
    },
    async remove() {
      await programs.behave('works');
      await giveUp();
      for (const { enforcer } of created) await enforcer.close();
      await namespace.remove();
      await programs.remove();
    },
  };
}

/** Our rules, in our chains and into them. */
function isOurs(line: string): boolean {
  return isInChain(line) || /^-A .*-[jg] (SIPWARDEN|SW-\S+)$/.test(line);
}

function isInChain(line: string): boolean {
  return /^(-A |:)(SIPWARDEN|SW-\S+) /.test(line);
}

function sameText(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join('\n') === others.toSorted().join('\n');
}

/** The kernel counts whole seconds, and reading it takes time too. */
function agrees({ until }: Entry, member: KernelMember | undefined): boolean {
  if (!member) return false;
  if (until === undefined || member.seconds === 0) return until === undefined && member.seconds === 0;
  return Math.abs(until - Date.now() - 1_000 * member.seconds) < 10_000;
}
