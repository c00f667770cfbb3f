// `sipwarden setup`: the pieces that make sipwarden and Asterisk know each other, in the order in which they are made.
// Only plans; applyPlan (file-plan.ts) does it. Running it again finds nothing to do.
import { findGroup } from '../lib/group.ts';
import { tryCommand } from '../lib/run-command.ts';
import { messageOf } from '../model/error.ts';
import { createAclPiece } from './acl-setup.ts';
import { createCliPiece } from './cli-setup.ts';
import type { Plan } from './file-plan.ts';
import { createHepPiece } from './hep-setup.ts';
import { findInstallation, type SetupPlaces } from './installation.ts';
import { createManagerPiece } from './manager-setup.ts';
import { joinPlans, type SetupPiece } from './setup-piece.ts';

function piecesFor(places: SetupPlaces): readonly SetupPiece[] {
  const installation = async () => {
    const found = await findInstallation(places);
    return { ...found, gid: findGroup(places.group ?? 'asterisk') ?? found.managerConf.gid };
  };
  const { etc, acl, hep } = places;
  return [
    createManagerPiece(places, installation),
    createCliPiece(places, installation),
    ...(acl ? [createAclPiece({ etc, ...acl }, installation)] : []),
    ...(hep ? [createHepPiece(places, hep, installation)] : []),
  ];
}

/** Throws SETUP_NO_ASTERISK, SETUP_NOT_PLAIN_ASTERISK, SETUP_USER_EXISTS, SETUP_UNREADABLE, SETUP_PATH, AMI_SECRET_*, HEP_SECRET_*. */
export function planSetup(places: SetupPlaces): Promise<Plan> {
  return joined(piecesFor(places).map((piece) => piece.plan));
}

/** Puts back what `planSetup` changed, byte for byte; a file that somebody changed since is left, with a note. */
export function planRemoval(places: SetupPlaces): Promise<Plan> {
  return joined(piecesFor(places).map((piece) => piece.removal));
}

export interface Reloaded {
  readonly isReloaded: boolean;
  readonly detail: string;
}

/** Has a running Asterisk read it all again. `command` is argv: `['asterisk', '-C', '/etc/asterisk/asterisk.conf']`. */
export async function reloadAsterisk(
  places: SetupPlaces,
  command: readonly string[] = ['asterisk'],
): Promise<Reloaded> {
  for (const order of piecesFor(places).flatMap(({ reload }) => reload)) {
    const failure = await tellAsterisk(command, order);
    if (failure !== undefined) return { isReloaded: false, detail: failure };
  }
  return { isReloaded: true, detail: 'Asterisk has read its configuration again' };
}

/** What went wrong, in words; undefined where Asterisk took the order. */
export async function tellAsterisk(
  [file = 'asterisk', ...args]: readonly string[],
  order: string,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await tryCommand(file, [...args, '-rx', order]);
    if (exitCode === 0) return undefined;
    const said = (stderr || stdout).trim().slice(0, 200);
    return `Asterisk is not running; it reads its configuration when it starts (${said})`;
  } catch (error) {
    return `Asterisk was not told: ${messageOf(error)}`;
  }
}

/** One after the other: a piece may rest on the one before. */
async function joined(plans: readonly (() => Promise<Plan>)[]): Promise<Plan> {
  const made: Plan[] = [];
  for (const plan of plans) made.push(await plan());
  return joinPlans(made);
}
