// At no point of the setup of Asterisk's ACL, or of its removal, may Asterisk refuse a phone: whoever is killed between two
// steps leaves a PBX that works, running, told to read all again in any order, and started anew.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createAclPiece } from '../../src/asterisk/acl-setup.ts';
import { applyPlan, type FileChange } from '../../src/asterisk/file-plan.ts';
import { describeWhere } from '../prerequisites.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { probe } from './probe.ts';
import { makeLabFolder } from './stale-labs.ts';

jest.setTimeout(180_000);

describeWhere(['root', 'namespaces', 'asterisk'], 'the setup of the ACL', () => {
  let network: Network;
  let asterisk: Asterisk;
  let folder: string;
  beforeAll(async () => {
    network = await createNetwork();
    asterisk = await startAsterisk(network);
    folder = await makeLabFolder();
  });
  afterAll(async () => {
    await asterisk?.stop();
    await network?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  const piece = () => {
    const file = join(folder, 'acl.conf');
    const places = { etc: asterisk.etc, section: 'sipwarden', file, isEnabled: true };
    return createAclPiece(places, async () => ({ gid: 0 }));
  };
  const confs = async () => {
    const read = (name: string) => readFile(join(asterisk.etc, name), 'utf8');
    return { 'acl.conf': await read('acl.conf'), 'pjsip.conf': await read('pjsip.conf') };
  };
  const reloads = ['module reload acl', 'module reload res_pjsip.so'] as const;
  const asPhone = { from: 'phone', account: '100' } as const;

  /** By the PBX that runs, and by one that starts with these files. */
  const refusals = async (where: string): Promise<readonly string[]> => {
    const found: string[] = [];
    const check = async (when: string) => {
      if ((await probe(network, asPhone)) !== 200) found.push(`${where}: ${when}`);
    };
    await check('as it is');
    const other = await startAsterisk(network, 'gateway', { files: await confs() });
    if ((await probe(network, { ...asPhone, to: 'gateway' })) !== 200) found.push(`${where}: started anew`);
    await other.stop();
    return found;
  };
  /** Every point at which somebody may be killed: after each file, and after each order to read it. */
  const walk = async (changes: readonly FileChange[]): Promise<readonly string[]> => {
    const found = [...(await refusals('before'))];
    for (const change of changes) {
      await applyPlan({ changes: [change], notes: [] });
      found.push(...(await refusals(`after ${change.path}`)));
      if (change.reload === undefined) continue;
      await asterisk.cli(change.reload);
      found.push(...(await refusals(`after ${change.reload}`)));
    }
    return found;
  };

  test('refuses no phone on the way there, whoever is killed when', async () => {
    const { changes } = await piece().plan();
    expect(changes.filter(({ isBackup }) => !isBackup).map(({ reload }) => reload)).toEqual(reloads);
    expect(await walk(changes)).toEqual([]);
    expect((await piece().plan()).changes).toEqual([]);
    expect(await asterisk.cli('acl show sipwarden')).toContain('192.0.2.255');
  });

  test('is in force then: whoever is in the file is refused', async () => {
    await writeFile(join(folder, 'acl.conf'), 'deny = 198.51.100.66/32\n');
    await asterisk.cli('module reload acl');
    expect(await probe(network)).toBe(403);
    expect(await probe(network, asPhone)).toBe(200);
    await rm(join(folder, 'acl.conf'));
    await asterisk.cli('module reload acl');
    expect(await probe(network)).toBe(401);
  });

  test.each([reloads, reloads.toReversed()])(
    'refuses no phone when Asterisk reads %s, then %s',
    async (...orders) => {
      for (const order of orders) {
        await asterisk.cli(order);
        expect(await probe(network, asPhone)).toBe(200);
      }
    },
  );

  test('refuses no phone on the way back, and leaves every byte as it was', async () => {
    const { changes } = await piece().removal();
    expect(changes.filter(({ isBackup }) => !isBackup).map(({ reload }) => reload)).toEqual(
      reloads.toReversed(),
    );
    expect(await walk(changes)).toEqual([]);
    expect(await asterisk.cli('acl show sipwarden')).toContain('Could not find');
    expect((await piece().removal()).changes).toEqual([]);
  });
});
