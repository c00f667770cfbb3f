// Starts the sidecar's starter as the sidecar's user, without any right, while we still may.
import { fileURLToPath } from 'node:url';
import { keepLastLines } from '../lib/last-lines.ts';
import { type RunningProcess, startProcess } from '../lib/run-command.ts';
import { SipwardenError } from '../model/error.ts';
import type { Account } from './account.ts';

const program = fileURLToPath(new URL('../sidecar-starter.ts', import.meta.url));
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

export interface StarterParts {
  readonly account: Account;
  /** In a folder where the account may write, and the daemon may enter. */
  readonly socket: string;
  /** Another program in the sidecar's place. */
  readonly sidecarFile?: string;
}

/** Resolves when it listens; it ends with the daemon that connects. Rejects with SIDECAR_STARTER. */
export async function startStarter({ account, socket, sidecarFile }: StarterParts): Promise<RunningProcess> {
  const { uid, gid } = account;
  const withoutRights = [
    ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups'],
    ...['--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', '--'],
  ];
  const node = [process.execPath, program, '--socket', socket];
  const more = sidecarFile === undefined ? [] : ['--sidecar', sidecarFile];
  const starter = startProcess('setpriv', [...withoutRights, ...node, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  const said = keepLastLines(starter.stderr);
  const listens = new Promise<undefined>((resolve) => starter.stdout?.once('data', () => resolve(undefined)));
  const failed = await Promise.race([listens, starter.exited]);
  if (!failed) return starter;
  const why = said.at(-1) ?? failed.failure ?? 'it ended at once';
  throw new SipwardenError('SIDECAR_STARTER', `the program that starts the sidecar could not run: ${why}`, {
    hint: `user ${uid}, sidecar_user in [capture], must be able to read ${program}`,
  });
}
