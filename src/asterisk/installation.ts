// What kind of Asterisk this is, as its manager.conf tells, and hence which files setup may touch: never one that a
// distribution writes itself.
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SipwardenError } from '../model/error.ts';
import { readStoredFile, type StoredFile } from './file-plan.ts';
import { customFileOf, isManagedByDistribution, managerPiece } from './manager-conf.ts';

export interface AclPlaces {
  /** What the ACL is called. */
  readonly section: string;
  /** What the daemon writes, and the section includes. */
  readonly file: string;
  readonly isEnabled: boolean;
  /** The file in `etc` that takes additions to pjsip.conf, where it is another than is found. */
  readonly pjsipFile?: string | undefined;
}

export interface SetupPlaces {
  /** Where Asterisk's configuration is, `/etc/asterisk`. */
  readonly etc: string;
  /** The file in `etc` that takes additions to manager.conf, where it is another than is found. */
  readonly managerFile?: string | undefined;
  readonly secretFile: string;
  readonly eventsUser: string;
  readonly actionsUser: string;
  /** Asterisk's own ACL, as [asterisk_acl] says. */
  readonly acl?: AclPlaces;
  /** The actions login may also read back what Asterisk holds, by console commands. */
  readonly withCommand?: boolean;
  /** What Asterisk's command line runs, and the socket that it speaks to. */
  readonly controlProgram: string;
  readonly controlSocket: string;
  /** The group that may read the secrets; the daemon's. Ours where nothing is said. */
  readonly secretGroup?: number | undefined;
  /** Whose group may read the other files; Asterisk's. Of manager.conf where there is no such group. */
  readonly group?: string;
  /** Where Asterisk is to mirror its SIP messages to; it is not, where nothing is said. */
  readonly hep?: HepPlaces;
}

export interface HepPlaces {
  /** "" where Asterisk is to show no password. */
  readonly secretFile: string;
  /** Where we listen, as hep.conf writes it. */
  readonly captureAddress: string;
}

export interface Installation {
  /** manager.conf, links followed. */
  readonly path: string;
  readonly managerConf: StoredFile;
  /** Absent of a plain Asterisk, whose manager.conf is its administrator's own. */
  readonly additions?: Additions;
}

/** Where manager.conf is another program's (FreePBX, Issabel, PBXware), and takes additions from a file of its own. */
export interface Additions {
  readonly path: string;
  /** Where the two users stand, and how the file for additions names it. */
  readonly usersFile: string;
  readonly include: string;
}

/** Throws SETUP_NO_ASTERISK, SETUP_NOT_PLAIN_ASTERISK, SETUP_UNREADABLE. */
export async function findInstallation(places: SetupPlaces): Promise<Installation> {
  const path = await followed(`${places.etc}/manager.conf`);
  const managerConf = await readStoredFile(path);
  if (!managerConf) {
    throw new SipwardenError('SETUP_NO_ASTERISK', `there is no ${places.etc}/manager.conf`, {
      hint: 'install Asterisk on this machine, or say where its configuration is: --asterisk-etc',
    });
  }
  const additions = await findAdditions(places, managerConf.text);
  if (additions) return { path, managerConf, additions };
  if (!isManagedByDistribution(managerConf.text)) return { path, managerConf };
  throw new SipwardenError(
    'SETUP_NOT_PLAIN_ASTERISK',
    `${path} is written by another program, and does not say where additions belong`,
    { hint: 'name the file that it includes for additions: --manager-file' },
  );
}

export async function findAdditions(
  { etc, managerFile, secretFile }: SetupPlaces,
  managerConf: string,
): Promise<Additions | undefined> {
  if (managerFile !== undefined) {
    const path = await followed(`${etc}/${managerFile}`);
    return { path, usersFile: `${etc}/${managerPiece}`, include: managerPiece };
  }
  const found = customFileOf(managerConf);
  if (found === undefined) return undefined;
  // FreePBX opens all of Asterisk's folder to everybody again and again.
  const usersFile = `${dirname(secretFile)}/asterisk-manager.conf`;
  return { path: await followed(`${etc}/${found}`), usersFile, include: usersFile };
}

export function followed(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
