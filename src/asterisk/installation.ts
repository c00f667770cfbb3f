// What kind of Asterisk this is, as its manager.conf tells, and hence which files setup may touch: never one that a
// distribution writes itself.
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SipwardenError } from '../model/error.ts';
import { readStoredFile, type StoredFile } from './file-plan.ts';
import { customFileOf, isManagedByDistribution } from './manager-conf.ts';

export interface SetupPlaces {
  /** Where Asterisk's configuration is, `/etc/asterisk`. */
  readonly etc: string;
  /** The file in `etc` that takes additions to manager.conf, where it is another than is found. */
  readonly managerFile?: string | undefined;
  readonly secretFile: string;
  readonly eventsUser: string;
  readonly actionsUser: string;
  /** The actions login may also read back what Asterisk holds, by console commands. */
  readonly withCommand?: boolean;
  /** What Asterisk's command line runs, and the socket that it speaks to. */
  readonly controlProgram: string;
  readonly controlSocket: string;
  /** The group that may read the secrets; the daemon's. Ours where nothing is said. */
  readonly secretGroup?: number | undefined;
  /** Whose group may read the other files; Asterisk's. Of manager.conf where there is no such group. */
  readonly group?: string;
}

/** `custom`: manager.conf is another program's, and takes additions from a file of its own (FreePBX, Issabel, PBXware). */
export interface Installation {
  readonly kind: 'plain' | 'custom';
  /** `plain`: manager.conf itself. Links are followed. */
  readonly managerFile: string;
  readonly managerConf: StoredFile;
  readonly usersFile: string;
  readonly description: string;
}

/** Throws SETUP_NO_ASTERISK, SETUP_NOT_PLAIN_ASTERISK, SETUP_UNREADABLE. */
export async function findInstallation(places: SetupPlaces): Promise<Installation> {
  const { etc, managerFile: named } = places;
  const managerConf = await readStoredFile(`${etc}/manager.conf`);
  if (!managerConf) {
    throw new SipwardenError('SETUP_NO_ASTERISK', `there is no ${etc}/manager.conf`, {
      hint: 'install Asterisk on this machine, or say where its configuration is: --asterisk-etc',
    });
  }
  const custom = named ?? customFileOf(managerConf.text);
  if (custom !== undefined && custom !== 'manager.conf') {
    return {
      kind: 'custom',
      managerConf,
      managerFile: await followed(`${etc}/${custom}`),
      usersFile: usersFiles(places).custom,
      description: `manager.conf is written by another program (FreePBX or its kin), and takes additions from ${custom}`,
    };
  }
  if (isManagedByDistribution(managerConf.text)) {
    throw new SipwardenError(
      'SETUP_NOT_PLAIN_ASTERISK',
      `${etc}/manager.conf is written by another program, and does not say where additions belong`,
      { hint: 'name the file that it includes for additions: --manager-file' },
    );
  }
  return {
    kind: 'plain',
    managerConf,
    managerFile: await followed(`${etc}/manager.conf`),
    usersFile: usersFiles(places).plain,
    description: 'a plain Asterisk',
  };
}

/** Where the two users stand. FreePBX opens all of Asterisk's folder to everybody again and again: not in there. */
export function usersFiles({ etc, secretFile }: SetupPlaces): Record<Installation['kind'], string> {
  return {
    plain: `${etc}/manager.d/sipwarden.conf`,
    custom: `${dirname(secretFile)}/asterisk-manager.conf`,
  };
}

export function followed(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
