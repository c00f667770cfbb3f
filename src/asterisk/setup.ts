// `sipwarden setup` on a plain Asterisk: which files make the two AMI logins, and which undo them. Only plans; applyPlan
// (file-plan.ts) does it. Running it again finds nothing to do.
import { randomBytes } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { tryCommand } from '../lib/run-command.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import { type AmiSecrets, formatAmiSecrets, readAmiSecrets } from './ami-secret.ts';
import { type FileChange, type Plan, readStoredFile, type StoredFile } from './file-plan.ts';
import { findOwnHepConf, type HepPlaces, planHep } from './hep-setup.ts';
import { definesUser, enableManager, isManagedByDistribution } from './manager-conf.ts';

export interface SetupPlaces {
  /** Where Asterisk's configuration is, `/etc/asterisk`. */
  readonly etc: string;
  readonly secretFile: string;
  readonly eventsUser: string;
  readonly actionsUser: string;
  /** The group that may read the secrets; the daemon's. Ours where nothing is said. */
  readonly secretGroup?: number | undefined;
  /** Whose group may read the users' file; Asterisk's. Of manager.conf where there is no such group. */
  readonly group?: string;
  /** Where Asterisk is to mirror its SIP messages to; it is not, where nothing is said. */
  readonly hep?: HepPlaces;
}

const template = new URL('../../asterisk-conf/manager.d/sipwarden.conf', import.meta.url);
const ourMark = /^[;#] Written by "sipwarden setup"/;
const secretMode = 0o640;

/** Throws SETUP_NO_ASTERISK, SETUP_NOT_PLAIN_ASTERISK, SETUP_USER_EXISTS, SETUP_UNREADABLE, AMI_SECRET_*. */
export async function planSetup(places: SetupPlaces): Promise<Plan> {
  const { path, file } = await readManagerConf(places);
  const secrets = await readAmiSecrets(places.secretFile);
  const chosen = secrets ?? { events: newSecret(), actions: newSecret() };
  const { text, notes } = enableManager(file.text);
  const secretGroup = places.secretGroup ?? process.getgid?.() ?? 0;
  const gid = (await findGroup(places.group ?? 'asterisk')) ?? file.gid;
  const hep = places.hep ? await planHep(places.etc, places.hep) : { notes: [] };
  return {
    changes: [
      ...(secrets ? [] : [await planOwnFile(places.secretFile, formatAmiSecrets(chosen), secretGroup)]),
      ...(await planPiece(`${places.etc}/manager.d/sipwarden.conf`, await renderPiece(places, chosen), gid)),
      ...(text === file.text ? [] : await planEdit(path, file, text)),
      ...(hep.secret ? await planPiece(hep.secret.path, hep.secret.text, secretGroup) : []),
      ...(hep.conf ? await planPiece(hep.conf.path, hep.conf.text, gid) : []),
    ],
    notes: [...notes, ...hep.notes],
  };
}

/** Puts back what `planSetup` changed, byte for byte; a file that somebody changed since is left, with a note. */
export async function planRemoval({ etc, secretFile, hep }: SetupPlaces): Promise<Plan> {
  const managerConf = await realpath(`${etc}/manager.conf`).catch(() => `${etc}/manager.conf`);
  const hepConf = hep && (await findOwnHepConf(etc));
  const plans = [
    await planReturn(managerConf, 'edited'),
    await planReturn(`${etc}/manager.d/sipwarden.conf`, 'written'),
    await planReturn(secretFile, 'written'),
    ...(hepConf ? [await planReturn(hepConf, 'written')] : []),
    ...(hep?.secretFile ? [await planReturn(hep.secretFile, 'written')] : []),
  ];
  return { changes: plans.flatMap(({ changes }) => changes), notes: plans.flatMap(({ notes }) => notes) };
}

/** Tells a running Asterisk to read manager.conf again. `command` is argv: `['asterisk', '-C', '/etc/asterisk/asterisk.conf']`. */
export async function reloadManager(
  command: readonly string[] = ['asterisk'],
): Promise<{ readonly isReloaded: boolean; readonly detail: string }> {
  const [file = 'asterisk', ...args] = command;
  try {
    const { exitCode, stdout, stderr } = await tryCommand(file, [...args, '-rx', 'manager reload']);
    if (exitCode === 0) return { isReloaded: true, detail: 'Asterisk has read manager.conf again' };
    const said = (stderr || stdout).trim().slice(0, 200);
    return {
      isReloaded: false,
      detail: `Asterisk is not running; it reads manager.conf when it starts (${said})`,
    };
  } catch (error) {
    return { isReloaded: false, detail: `Asterisk was not told: ${messageOf(error)}` };
  }
}

async function readManagerConf({ etc, eventsUser, actionsUser }: SetupPlaces) {
  const path = await realpath(`${etc}/manager.conf`).catch(() => `${etc}/manager.conf`);
  const file = await readStoredFile(path);
  if (!file) {
    throw new SipwardenError('SETUP_NO_ASTERISK', `there is no ${etc}/manager.conf`, {
      hint: 'install Asterisk on this machine, or say where its configuration is',
    });
  }
  if (isManagedByDistribution(file.text)) {
    throw new SipwardenError(
      'SETUP_NOT_PLAIN_ASTERISK',
      `${path} is written by another program (FreePBX or its kin)`,
      {
        hint: 'put the two users of asterisk-conf/manager.d/sipwarden.conf into manager_custom.conf by hand',
      },
    );
  }
  const user = [eventsUser, actionsUser].find((name) => definesUser(file.text, name));
  if (user === undefined) return { path, file };
  throw new SipwardenError('SETUP_USER_EXISTS', `${path} already has a user [${user}]`, {
    hint: 'take it out there, or name other users under [ami] in sipwarden.toml',
  });
}

async function renderPiece(
  { eventsUser, actionsUser }: SetupPlaces,
  { events, actions }: AmiSecrets,
): Promise<string> {
  const text = await readFile(template, 'latin1');
  return text
    .replace('[sipwarden-events]', `[${eventsUser}]`)
    .replace('[sipwarden-actions]', `[${actionsUser}]`)
    .replace('EVENTS_SECRET', events)
    .replace('ACTIONS_SECRET', actions);
}

async function planPiece(path: string, after: string, gid: number): Promise<readonly FileChange[]> {
  const file = await readStoredFile(path);
  if (file && !ourMark.test(file.text))
    return planEdit(path, file, after, { ...file, gid, mode: secretMode });
  if (file?.text === after && file.mode === secretMode && file.gid === gid) return [];
  return [await planOwnFile(path, after, gid)];
}

async function planOwnFile(path: string, after: string, gid: number): Promise<FileChange> {
  const before = (await readStoredFile(path))?.text;
  return { path, before, after, mode: secretMode, uid: process.getuid?.() ?? 0, gid };
}

/** A file of somebody else's: the first time, what it was is kept beside it. */
async function planEdit(
  path: string,
  file: StoredFile,
  after: string,
  rights = file,
): Promise<readonly FileChange[]> {
  const edit = { path, before: file.text, after, ...rightsOf(rights) };
  if (await readStoredFile(backupOf(path))) return [edit];
  const backup = {
    path: backupOf(path),
    before: undefined,
    after: file.text,
    ...rightsOf(file),
    isBackup: true,
  };
  return [backup, edit];
}

/** What was kept is put back, and what was not there goes; unless somebody else has written the file since. */
async function planReturn(path: string, kind: 'edited' | 'written'): Promise<Plan> {
  const file = await readStoredFile(path);
  const backup = await readStoredFile(backupOf(path));
  if (kind === 'edited' && !backup) return { changes: [], notes: [] };
  const asLeft = kind === 'edited' && backup ? enableManager(backup.text).text : undefined;
  const isOurs = (text: string) => (kind === 'edited' ? text === asLeft : ourMark.test(text));
  if (file && file.text !== backup?.text && !isOurs(file.text)) {
    const kept = backup ? `; what it was before is ${backupOf(path)}` : '';
    return { changes: [], notes: [`${path} is not as setup left it, and stays as it is${kept}`] };
  }
  const changes: FileChange[] = [];
  if (file?.text !== backup?.text) {
    changes.push({ path, before: file?.text, after: backup?.text, ...rightsOf(backup ?? file) });
  }
  if (backup) {
    const gone = { path: backupOf(path), before: backup.text, after: undefined };
    changes.push({ ...gone, ...rightsOf(backup), isBackup: true });
  }
  return { changes, notes: [] };
}

function rightsOf(file: StoredFile | undefined) {
  return { mode: file?.mode ?? secretMode, uid: file?.uid ?? 0, gid: file?.gid ?? 0 };
}

function backupOf(path: string): string {
  return `${path}.sipwarden-backup`;
}

/** 192 bits, in letters that need no quoting in any of the files. */
function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

async function findGroup(name: string): Promise<number | undefined> {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const fields = groups.split('\n').map((line) => line.split(':'));
  const gid = Number(fields.find(([group]) => group === name)?.[2]);
  return Number.isInteger(gid) ? gid : undefined;
}
