// Setup's first piece: the two AMI logins and their secrets.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SipwardenError } from '../model/error.ts';
import { type AmiSecrets, formatAmiSecrets, readAmiSecrets } from './ami-secret.ts';
import { withLine, withoutLine } from './conf-text.ts';
import { readStoredFile } from './file-plan.ts';
import {
  type Additions,
  findAdditions,
  followed,
  type Installation,
  type SetupPlaces,
} from './installation.ts';
import { definesUser, enableManager, includeOf, managerPiece, notesOnManaged } from './manager-conf.ts';
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
  const { etc, secretFile } = places;
  return {
    reload: ['manager reload'],
    async plan() {
      const { path, managerConf, additions, gid } = await installation();
      const added = additions && (await readStoredFile(additions.path));
      refuseOtherUsers(places, [managerConf.text, added?.text ?? '']);
      const secrets = await readAmiSecrets(secretFile);
      const chosen = secrets ?? { events: newSecret(), actions: newSecret() };
      const secretGroup = places.secretGroup ?? process.getgid?.() ?? 0;
      const usersFile = additions?.usersFile ?? `${etc}/${managerPiece}`;
      return {
        changes: [
          ...(secrets ? [] : await planOwnFile(secretFile, formatAmiSecrets(chosen), secretGroup)),
          ...(await planOwnFile(usersFile, await renderUsers(places, chosen), gid)),
          ...(await planEdit(additions ? including(additions) : switchingOn(path), gid)),
        ],
        notes: additions
          ? [
              `manager.conf is another program's; ${additions.path} takes additions`,
              ...notesOnManaged(managerConf.text),
            ]
          : enableManager(managerConf.text).notes,
      };
    },
    async removal() {
      const path = await followed(`${etc}/manager.conf`);
      const additions = await findAdditions(places, (await readStoredFile(path))?.text ?? '');
      const usersFiles = new Set([`${etc}/${managerPiece}`, ...(additions ? [additions.usersFile] : [])]);
      return joinPlans([
        await planEditReturn(switchingOn(path)),
        ...(additions ? [await planEditReturn(including(additions))] : []),
        // It may have been a plain Asterisk when setup ran.
        ...(await Promise.all([...usersFiles].map(planOwnFileReturn))),
        await planOwnFileReturn(secretFile),
      ]);
    },
  };
}

function switchingOn(path: string): Edit {
  return { path, edit: (text) => enableManager(text).text };
}

function including({ path, include }: Additions): Edit {
  const line = includeOf(include);
  return {
    path,
    edit: (text) => withLine(text, line),
    undo: (text) => withoutLine(text, line),
    isOptional: true,
  };
}

function refuseOtherUsers({ eventsUser, actionsUser }: SetupPlaces, texts: readonly string[]) {
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
