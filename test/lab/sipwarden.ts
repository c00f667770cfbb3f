// sipwarden itself on the lab's PBX host: the daemon as an administrator starts it, and the command line to ask it.
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Explanation, Status } from '../../src/control/operations.ts';
import type { Attack } from '../../src/model/attack.ts';
import type { BlastRadius } from '../../src/model/shield-entry.ts';
import { waitFor } from '../wait-for.ts';
import type { Asterisk } from './asterisk.ts';
import type { LabProcess } from './lab-process.ts';
import type { Network } from './namespaces.ts';
import { makeLabFolder } from './stale-labs.ts';

/** What the command line prints as JSON: points in time are ISO 8601 there. */
interface Listed {
  readonly target: string;
  readonly action: string;
  readonly cause: { readonly attack?: string; readonly proof?: string };
  readonly behind?: BlastRadius;
}

export interface Sipwarden {
  readonly configFile: string;
  /** Runs one command of ours on the PBX host, whatever its exit code. */
  command(...args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  status(): Promise<Status>;
  bans(): Promise<readonly Listed[]>;
  attacks(source: string): Promise<readonly Attack[]>;
  explain(address: string): Promise<Explanation>;
  /** Members of a kernel set, read past us. */
  kernelSet(name: string): Promise<readonly string[]>;
  /** Writes the configuration; the running daemon takes it up by itself. */
  configure(toml: string): Promise<void>;
  readonly folder: string;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  start(): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

/** Nobody's number: no user is made on the machine, and none is met. */
export const daemonUser = 64_999;

/** Of Asterisk's command line; nobody's either. */
export const consoleGroup = 64_998;

export const program = join(import.meta.dirname, '../../bin/sipwarden');

/** Without an Asterisk it protects from packets alone. */
export async function startSipwarden(
  network: Network,
  asterisk?: Asterisk,
  toml = '',
  { withCommand = true } = {},
): Promise<Sipwarden> {
  const folder = await makeLabFolder();
  // It is entered by the daemon's user too.
  await chmod(folder, 0o755);
  const configFile = join(folder, 'sipwarden.toml');
  const places = `
[daemon]
user = "${daemonUser}"
[store]
directory = "${folder}/state"
[control]
socket = "${folder}/run/control.sock"
asterisk_group = "${consoleGroup}"
[ami]
secret_file = "${folder}/ami.secret"
`;
  const acl = `[asterisk_acl]\nfile = "${folder}/acl/acl.conf"`;
  const configure = (changed: string) => {
    const withAcl = changed.includes('[asterisk_acl]') ? changed : `${changed}\n[asterisk_acl]\n`;
    return writeFile(configFile, `${withAcl.replace('[asterisk_acl]', acl)}\n${places}`);
  };
  await configure(toml);
  let daemon: LabProcess | undefined;
  let said = '';
  const command = (...args: readonly string[]) =>
    network.run('pbx', program, ['--config', configFile, ...args]);
  const ask = async <Answer>(...args: readonly string[]): Promise<Answer> => {
    const { exitCode, stdout, stderr } = await command(...args, '--json');
    if (exitCode !== 0) throw new Error(`sipwarden ${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout) as Answer;
  };
  const isUp = async () => {
    if (!daemon?.isRunning()) throw new Error(`sipwarden ended at once: ${daemon?.stderr()}`);
    const { exitCode, stdout } = await command('status', '--json');
    if (exitCode !== 0) return false;
    const { sensors } = JSON.parse(stdout) as Status;
    // Whoever is switched off, or has no logins, is not waited for.
    return sensors.every(
      ({ name, state }) => state === 'live' || state === 'off' || (name === 'ami' && !asterisk),
    );
  };
  const start = async () => {
    daemon = network.start('pbx', program, ['--config', configFile, 'run']);
    await waitFor('sipwarden is up', isUp, 30_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${daemon?.stderr()}`);
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    await daemon?.stop(signal);
    said += daemon?.stderr() ?? '';
    daemon = undefined;
  };
  if (asterisk) {
    const options = ['--asterisk-command', 'true', ...(withCommand ? ['--with-command'] : [])];
    await command('setup', '--asterisk-etc', asterisk.etc, ...options, '--yes');
    for (const order of [
      'manager reload',
      'module unload res_clialiases.so',
      'module load res_clialiases.so',
      'module reload acl',
      'module reload res_pjsip.so',
    ])
      await asterisk.cli(order);
  }
  await start();
  return {
    configFile,
    command,
    configure,
    start,
    folder,
    signal: (name) => daemon?.signal(name),
    kill: () => end('SIGKILL'),
    status: () => ask('status'),
    bans: () => ask('bans'),
    attacks: (source) => ask('attacks', '--source', source),
    explain: (address) => ask('explain', address),
    async kernelSet(name) {
      const { stdout } = await network.run('pbx', 'ipset', ['list', name, '-o', 'save']);
      return [...stdout.matchAll(/^add \S+ (\S+)/gm)].map(([, member]) => member ?? '');
    },
    log: () => said + (daemon?.stderr() ?? ''),
    async stop() {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
