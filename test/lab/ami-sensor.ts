// The AMI sensor on the PBX host of the lab, beside an Asterisk with the logins that setup would make, and what it learns.
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAmiSecrets } from '../../src/asterisk/ami-secret.ts';
import type { InventoryFact } from '../../src/model/inventory.ts';
import { waitFor } from '../wait-for.ts';
import type { Network } from './namespaces.ts';
import type { AmiFinding } from './programs/ami-host.ts';
import { makeLabFolder } from './stale-labs.ts';

type FactOf<Kind extends InventoryFact['kind']> = Extract<InventoryFact, { readonly kind: Kind }>;

export interface AmiSensor {
  findings(): readonly AmiFinding[];
  facts<Kind extends InventoryFact['kind']>(kind: Kind): readonly FactOf<Kind>[];
  /** Waits until the newest fact of this kind is as wanted, and gives it. */
  knows<Kind extends InventoryFact['kind']>(
    kind: Kind,
    isWanted: (fact: FactOf<Kind>) => boolean,
  ): Promise<FactOf<Kind>>;
  stop(): Promise<void>;
}

const secrets = { events: 'events-of-the-lab', actions: 'actions-of-the-lab' };
const piece = new URL('../../asterisk-conf/manager.d/sipwarden.conf', import.meta.url);

/** A file for Asterisk's etc folder. */
export async function managerPiece(): Promise<Record<string, string>> {
  const text = await readFile(piece, 'utf8');
  return {
    'manager.d/sipwarden.conf': text
      .replace('EVENTS_SECRET', secrets.events)
      .replace('ACTIONS_SECRET', secrets.actions),
  };
}

export async function startAmiSensor(network: Network): Promise<AmiSensor> {
  const folder = await makeLabFolder();
  const secretFile = join(folder, 'ami.secret');
  await writeFile(secretFile, formatAmiSecrets(secrets));
  await chmod(secretFile, 0o640);
  const program = join(import.meta.dirname, 'programs/ami-host.ts');
  const child = network.start('pbx', process.execPath, [program, JSON.stringify({ secretFile })]);
  const findings = () => {
    if (!child.isRunning()) throw new Error(`the AMI sensor ended: ${child.stderr()}`);
    const lines = child.stdout().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as AmiFinding);
  };
  const facts = <Kind extends InventoryFact['kind']>(kind: Kind) =>
    findings().flatMap((finding) =>
      finding.said === 'fact' && finding.fact.kind === kind ? [finding.fact as FactOf<Kind>] : [],
    );
  return {
    findings,
    facts,
    knows: (kind, isWanted) =>
      waitFor(`${kind} are known as wanted`, () => facts(kind).slice(-1).find(isWanted), 20_000),
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
