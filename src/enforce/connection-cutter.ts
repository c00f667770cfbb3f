// Ends what a source that is blocked from now on had opened before: its TCP connections, so that the PBX does not keep
// them, and its conntrack flows, so that no ESTABLISHED rule lets them pass. Many bans are one pair of commands.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../lib/logger.ts';
import type { Enforcer, Entry, SetName } from '../model/enforcer.ts';
import { messageOf } from '../model/error.ts';
import { conntrackLines, type ProtectedPorts, ssFilter } from './connection-filter.ts';
import { firewallCommand } from './firewall-command.ts';

export interface CutterParts {
  readonly ports: ProtectedPorts;
  readonly logger: Logger;
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
}

/** Evidence that could have been forged (`drop`) ends nobody's connection. */
const cutting: ReadonlySet<SetName> = new Set(['deny', 'order', 'port', 'ban']);
/** Bans this close together are cut together. Milliseconds. */
const gatherMs = 100;
/** More at once are restored after a start, when nobody of them is connected. */
const mostAtOnce = 1_000;

/** The same enforcer, which also cuts. What cannot be cut is logged, and blocked all the same. */
export function cuttingConnections(
  enforcer: Enforcer,
  { ports, logger, commandPrefix = [] }: CutterParts,
): Enforcer {
  const waiting: Entry[] = [];
  const refused = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  let work = Promise.resolve();

  const run = async (program: string, command: () => Promise<unknown>) => {
    try {
      await command();
    } catch (error) {
      if (!refused.has(program)) {
        logger.warn({ program, reason: messageOf(error) }, 'connections of who is blocked are not cut');
      }
      refused.add(program);
    }
  };
  const cut = async () => {
    clearTimeout(gathering);
    gathering = undefined;
    const entries = waiting.splice(0);
    const filter = ssFilter(entries, ports);
    // An empty filter would be everybody.
    const ss = [...commandPrefix, 'ss', '-K', '-H', '-t', '-n', '-F', '-'];
    if (filter) await run('ss', () => firewallCommand(ss, { input: `${filter}\n` }));
    const flows = conntrackLines(entries, ports);
    if (flows.length > 0) await run('conntrack', () => runConntrack(commandPrefix, flows));
  };

  return {
    ...enforcer,
    async add(entry) {
      await enforcer.add(entry);
      if (!cutting.has(entry.set) || waiting.length >= mostAtOnce) return;
      waiting.push(entry);
      gathering ??= setTimeout(() => {
        work = work.then(cut);
      }, gatherMs);
    },
    async close() {
      work = work.then(cut);
      await work;
      await enforcer.close();
    },
  };
}

/** It opens its input by name, which a pipe of Node's has not. */
async function runConntrack(commandPrefix: readonly string[], lines: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sipwarden-'));
  try {
    const file = join(folder, 'flows');
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    await firewallCommand([...commandPrefix, 'conntrack', '--load-file', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
