// Setup's first piece: the two AMI logins and their secrets.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SipwardenError } from '../model/error.ts';
import { type AmiSecrets, formatAmiSecrets, readAmiSecrets } from './ami-secret.ts';
import { withLine, withoutLine } from './conf-text.ts';
import { readStoredFile } from './file-plan.ts';
import { followed, type Installation, type SetupPlaces, usersFiles } from './installation.ts';
import { customFileOf, definesUser, enableManager, includeOf, notesOnManaged } from './manager-conf.ts';
import {
  type Edit,
  joinPlans,
  planEdit,
  planEditReturn,
  planOwnFile,
  planOwnFileReturn,
  type SetupPiece,
} from './setup-piece.ts';

const template = new URL('../../asterisk-conf/manager.d/sipwarden.conf', import.meta.url);

/** Plans throw SETUP_USER_EXISTS, SETUP_UNREADABLE, AMI_SECRET_*. */
export function createManagerPiece(
  places: SetupPlaces,
  installation: () => Promise<Installation & { readonly gid: number }>,
): SetupPiece {
  const { secretFile } = places;
  return {
    reload: ['manager reload'],
    async plan() {
      const found = await installation();
      const { kind, managerConf, managerFile, usersFile, gid } = found;
      await refuseOtherUsers(places, [managerConf.text, (await readStoredFile(managerFile))?.text ?? '']);
      const secrets = await readAmiSecrets(secretFile);
      const chosen = secrets ?? { events: newSecret(), actions: newSecret() };
      const secretGroup = places.secretGroup ?? process.getgid?.() ?? 0;
      const edit = kind === 'plain' ? switchingOn(managerFile) : including(managerFile, usersFile);
      return {
        changes: [
          ...(secrets ? [] : await planOwnFile(secretFile, formatAmiSecrets(chosen), secretGroup)),
          ...(await planOwnFile(usersFile, await renderUsers(places, chosen), gid)),
          ...(await planEdit(edit, gid)),
        ],
        notes: kind === 'plain' ? enableManager(managerConf.text).notes : notesOnManaged(managerConf.text),
      };
    },
    async removal() {
      const { plain, custom } = usersFiles(places);
      const managerConf = await followed(`${places.etc}/manager.conf`);
      const managed = places.managerFile ?? customFileOf((await readStoredFile(managerConf))?.text ?? '');
      return joinPlans([
        await planEditReturn(switchingOn(managerConf)),
        ...(managed === undefined
          ? []
          : [await planEditReturn(including(await followed(`${places.etc}/${managed}`), custom))]),
        await planOwnFileReturn(plain),
        await planOwnFileReturn(custom),
        await planOwnFileReturn(secretFile),
      ]);
    },
  };
}

function switchingOn(path: string): Edit {
  return { path, edit: (text) => enableManager(text).text };
}

function including(path: string, usersFile: string): Edit {
  const line = includeOf(usersFile);
  return {
    path,
    edit: (text) => withLine(text, line),
    undo: (text) => withoutLine(text, line),
    isOptional: true,
  };
}

async function refuseOtherUsers({ eventsUser, actionsUser }: SetupPlaces, texts: readonly string[]) {
  const user = [eventsUser, actionsUser].find((name) => texts.some((text) => definesUser(text, name)));
  if (user === undefined) return;
  throw new SipwardenError('SETUP_USER_EXISTS', `the manager interface already has a user [${user}]`, {
    hint: 'take it out there, or name other users under [ami] in sipwarden.toml',
  });
}

async function renderUsers(
  { eventsUser, actionsUser, withCommand }: SetupPlaces,
  { events, actions }: AmiSecrets,
): Promise<string> {
  const text = await readFile(template, 'latin1');
  return text
    .replace('[sipwarden-events]', `[${eventsUser}]`)
    .replace('[sipwarden-actions]', `[${actionsUser}]`)
    .replace('write = system,user,reporting', (write) => (withCommand ? `${write},command` : write))
    .replace('EVENTS_SECRET', events)
    .replace('ACTIONS_SECRET', actions);
}

/** 192 bits, in letters that need no quoting in any of the files. */
function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
