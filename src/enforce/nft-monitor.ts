// The kernel tells of every change of nf_tables rules, iptables-nft's included: one long-lived `nft monitor rules` hands
// that on. Members of sets do not wake it. Where there is no nft it is silent.
import { type RunningProcess, startProcess } from '../lib/run-command.ts';

/** It reads nothing of ours, so a daemon that is killed would leave it behind (setpriv of util-linux 2.33). */
const endsWithUs = ['setpriv', '--pdeathsig', 'KILL'];
/** Until a monitor that ended is started again. Milliseconds. */
const restartMs = { first: 1_000, longest: 300_000 } as const;

/** Returns what ends it. What changed while no monitor ran, also before the first, is told as one change when one is started. */
export function monitorRules(commandPrefix: readonly string[], onChange: () => void): () => void {
  const [file = '', ...args] = [...commandPrefix, ...endsWithUs, 'nft', 'monitor', 'rules'];
  let child: RunningProcess;
  let restart: NodeJS.Timeout | undefined;
  let waitMs: number = restartMs.first;
  let isStopped = false;

  const start = () => {
    child = startProcess(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout?.on('data', () => {
      waitMs = restartMs.first;
      if (!isStopped) onChange();
    });
    void child.exited.then(() => {
      if (isStopped) return;
      restart = setTimeout(start, waitMs).unref();
      waitMs = Math.min(2 * waitMs, restartMs.longest);
    });
    onChange();
  };

  start();
  return () => {
    isStopped = true;
    clearTimeout(restart);
    child.signal('SIGKILL');
  };
}
