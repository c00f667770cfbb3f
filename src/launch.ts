// The launcher: prepares as root what only root can, starts the sidecar's starter without any right, and becomes the
// daemon: the same program under its own user, with the capabilities that its children need and nothing else.
import { accessSync, constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LoadedConfig, loadConfig } from './config.ts';
import { checkSocketIsFree } from './control/socket-in-use.ts';
import { type Account, findAccount } from './launch/account.ts';
import {
  type Capability,
  lackedCapabilities,
  neededCapabilities,
  usesIptables,
} from './launch/capabilities.ts';
import { handOverFolder, shareWithGroup } from './launch/ownership.ts';
import { startStarter } from './launch/start-starter.ts';
import { findGroup } from './lib/group.ts';
import { tryCommand } from './lib/run-command.ts';
import { SipwardenError } from './model/error.ts';
import { runFolders } from './run-folders.ts';

const setpriv = '/usr/bin/setpriv';
const program = fileURLToPath(new URL('./cli.ts', import.meta.url));
/** iptables-legacy opens it to read and locks it. A lock of our own would not keep others' changes and ours apart. */
const legacyLock = '/run/xtables.lock';

/** Never returns. Rejects with CONFIG_INVALID, DAEMON_USER, DAEMON_UNPRIVILEGED, CONTROL_*, SIDECAR_STARTER ... */
export async function launch({ path }: { readonly path?: string | undefined }): Promise<never> {
  const loaded = loadConfig({ path });
  const { config } = loaded;
  const { daemon, sidecar } = findAccounts(loaded);
  // Before anything is touched: it would take the other's folders.
  await checkSocketIsFree(config.control);
  const capabilities = neededCapabilities({ ...config.firewall, ...config.capture });
  checkHeld(capabilities);
  const becoming = [
    ...['--reuid', String(daemon.uid), '--regid', String(daemon.gid), '--clear-groups', '--no-new-privs'],
    ...given('inh', capabilities),
    ...given('ambient', capabilities),
    '--',
  ];
  await checkProgramIsReadable(becoming, daemon);
  handOver(config, daemon, sidecar);
  if (usesIptables(config.firewall.backend) && (await isIptablesLegacy())) await prepareLegacy(daemon);
  if (config.capture.source !== 'off' || config.hep.enabled) {
    await startStarter({ account: sidecar, socket: runFolders(config.control.socket).starterSocket });
  }
  await allowUrgentChildren();
  return process.execve!(setpriv, [
    basename(setpriv),
    ...becoming,
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]);
}

function given(set: 'inh' | 'ambient', capabilities: readonly Capability[]): readonly string[] {
  return [`--${set}-caps=${['-all', ...capabilities.map((name) => `+${name}`)].join(',')}`];
}

/** Throws DAEMON_UNPRIVILEGED where this user's children could not change the firewall or read packets. */
export function checkPrivileges({ config: { firewall, capture } }: LoadedConfig): void {
  const needed = neededCapabilities({ ...firewall, ...capture });
  const lacked = lackedCapabilities(needed, 'ambient');
  if (lacked.length === 0) return;
  throw unprivileged(
    lacked,
    'run it as root, "sudo sipwarden run": it becomes another user by itself; ' +
      'or have systemd give it, by AmbientCapabilities=',
  );
}

/** Throws NEEDS_RESTART where the configuration takes a right that this process has given up. */
export function checkStillHeld({ config: { firewall, capture } }: LoadedConfig): void {
  const lacked = lackedCapabilities(neededCapabilities({ ...firewall, ...capture }), 'permitted');
  if (lacked.length === 0) return;
  throw new SipwardenError(
    'NEEDS_RESTART',
    `firewall.backend = "${firewall.backend}" with capture.source = "${capture.source}" takes ${namesOf(lacked)}, which this process gave up when it started`,
    { hint: 'restart sipwarden to have it; until then the settings of before are in force' },
  );
}

function namesOf(capabilities: readonly Capability[]): string {
  return capabilities.map((name) => `CAP_${name.toUpperCase()}`).join(' and ');
}

function checkHeld(needed: readonly Capability[]): void {
  const lacked = lackedCapabilities(needed, 'permitted');
  if (lacked.length === 0) return;
  throw unprivileged(
    lacked,
    'give it to this container, such as by --cap-add; or have Asterisk alone block, by [firewall] backend = "asterisk-acl" and [capture] source = "off"',
  );
}

function unprivileged(lacked: readonly Capability[], hint: string): SipwardenError {
  return new SipwardenError(
    'DAEMON_UNPRIVILEGED',
    `sipwarden has to change the firewall and to see packets, and lacks ${namesOf(lacked)}`,
    { hint },
  );
}

function findAccounts({ config, sourceOf }: LoadedConfig): { daemon: Account; sidecar: Account } {
  const find = (path: readonly [string, string], user: string, cure: string): Account => {
    const refuse = (reason: string) =>
      new SipwardenError(
        'DAEMON_USER',
        `${sourceOf(path)}: ${path.join('.')} = ${JSON.stringify(user)}: ${reason}`,
        { hint: cure },
      );
    const account = findAccount(user);
    if (!account) throw refuse('there is no such user on this machine');
    if (account.uid === 0) throw refuse('is root, who may do everything');
    return account;
  };
  const { user } = config.daemon;
  const daemon = find(
    ['daemon', 'user'],
    user,
    'make one that owns nothing else: useradd --system --user-group --no-create-home --shell /usr/sbin/nologin sipwarden',
  );
  const cure = 'name another user than the daemon, one that owns nothing, such as "nobody"';
  const sidecar = find(['capture', 'sidecar_user'], config.capture.sidecar_user, cure);
  if (sidecar.uid !== daemon.uid && sidecar.gid !== daemon.gid) return { daemon, sidecar };
  throw new SipwardenError(
    'DAEMON_USER',
    `${sourceOf(['capture', 'sidecar_user'])}: capture.sidecar_user and daemon.user are the same user or group`,
    { hint: cure },
  );
}

/** A checkout in /root, for one, is closed to everybody else. */
async function checkProgramIsReadable(becoming: readonly string[], { uid }: Account): Promise<void> {
  try {
    accessSync(setpriv, constants.X_OK);
  } catch (cause) {
    throw new SipwardenError('COMMAND_NOT_FOUND', `there is no program ${setpriv} on this machine`, {
      hint: 'install setpriv (apt install util-linux)',
      cause,
    });
  }
  const { exitCode } = await tryCommand(setpriv, [
    ...becoming,
    ...['test', '-r', program, '-a', '-x', process.execPath],
  ]);
  if (exitCode === 0) return;
  throw new SipwardenError('DAEMON_USER', `user ${uid} cannot read ${program}`, {
    hint: 'put sipwarden where everybody may read it, such as /opt/sipwarden, and keep it writable by root alone',
  });
}

function handOver(
  { store, control, ami, hep, firewall, asterisk_acl: acl }: LoadedConfig['config'],
  daemon: Account,
  sidecar: Account,
): void {
  const folders = runFolders(control.socket);
  const ours = new Set(
    [control.socket, folders.capture, folders.starter, folders.asterisk].map((path) => basename(path)),
  );
  handOverFolder(store.directory, { ...daemon, mode: 0o700 }, (name) => name.startsWith('sipwarden.db'));
  // What is made in it belongs to the operators' group, which the daemon itself is not in.
  const run = { uid: daemon.uid, gid: control.group, mode: 0o2755 };
  if (!handOverFolder(folders.directory, run, (name) => ours.has(name))) {
    throw new SipwardenError('CONTROL_FOLDER', `${folders.directory} holds more than sipwarden's files`, {
      hint: 'give the socket in [control] a folder of its own, such as /run/sipwarden/control.sock',
    });
  }
  handOverFolder(folders.capture, { uid: daemon.uid, gid: sidecar.gid, mode: 0o710 }, isCapture);
  handOverFolder(
    folders.starter,
    { uid: sidecar.uid, gid: daemon.gid, mode: 0o750 },
    (name) => name === 'socket',
  );
  if (control.asterisk_group !== '') {
    const asterisk = { uid: daemon.uid, gid: findGroup(control.asterisk_group) ?? 0, mode: 0o2755 };
    handOverFolder(folders.asterisk, asterisk, (name) => name === basename(folders.asteriskSocket));
  }
  shareWithGroup(ami.secret_file, daemon.gid);
  if (hep.password_file !== '') shareWithGroup(hep.password_file, daemon.gid);
  if (acl.enabled || firewall.backend === 'asterisk-acl') {
    const [folder, file] = [dirname(acl.file), basename(acl.file)];
    // Asterisk reads it.
    handOverFolder(folder, { ...daemon, mode: 0o755 }, (name) => name.startsWith(file));
  }
}

function isCapture(name: string): boolean {
  return /^sipwarden-(capture|hep)-/.test(name);
}

/** Before 1.8 there was no other. */
async function isIptablesLegacy(): Promise<boolean> {
  const asked = await tryCommand('iptables', ['--version']).catch(() => undefined);
  return asked !== undefined && !asked.stdout.includes('nf_tables');
}

/** Its kernel modules are loaded by whoever uses it first, if he may. */
async function prepareLegacy({ gid }: Account): Promise<void> {
  shareWithGroup(legacyLock, gid, { isMade: true });
  for (const iptables of ['iptables', 'ip6tables'])
    await tryCommand(iptables, ['-w', '5', '-t', 'raw', '-S']).catch(() => undefined);
}

/** `ipset -` goes before a flood (nice -10). Where root may not allow it, bans go in turn with everything else. */
async function allowUrgentChildren(): Promise<void> {
  await tryCommand('prlimit', ['--pid', String(process.pid), '--nice=30']).catch(() => undefined);
}
