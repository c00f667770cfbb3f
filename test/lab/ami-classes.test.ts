// AMI users that lack a class are let in by a real Asterisk all the same, and then hear or may do nothing: it is said.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { type AmiSensor, managerPiece, startAmiSensor } from './ami-sensor.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { createNetwork, type Network } from './namespaces.ts';

jest.setTimeout(60_000);

describeWhere(['root', 'namespaces', 'asterisk'], 'the users of the manager interface', () => {
  const piece = 'manager.d/sipwarden.conf';
  let network: Network;
  let asterisk: Asterisk;
  let asSetupMakesThem: string;
  beforeAll(async () => {
    network = await createNetwork();
    const files = await managerPiece();
    asSetupMakesThem = files[piece] ?? '';
    asterisk = await startAsterisk(network, 'pbx', { files });
  });
  afterAll(async () => {
    await asterisk?.stop();
    await network?.close();
  });

  const lacking = [
    ['AMI_SECURITY_UNHEARD', 'read = security,user,system,call', 'read = user,system,call'],
    ['AMI_PERMISSION_DENIED', 'write = system,user,reporting', 'write = user,reporting'],
    ['AMI_ACTIONS_DOWN', '[sipwarden-actions]', '[somebody-else]'],
    [undefined, '', ''],
  ] as const;

  test.each(lacking)('%s is raised where "%s" is "%s", and nothing else', async (code, right, wrong) => {
    await writeFile(join(asterisk.etc, piece), asSetupMakesThem.replace(right, wrong));
    await asterisk.cli('manager reload');
    const sensor: AmiSensor = await startAmiSensor(network);
    const raised = () =>
      sensor.findings().flatMap((finding) => (finding.said === 'raised' ? [finding.code] : []));
    if (code) await waitFor(`${code} is raised`, () => raised().includes(code), 20_000);
    else await sensor.knows('trunks', () => true);
    expect([...new Set(raised())]).toEqual(code ? [code] : []);
    await sensor.stop();
  });
});
