// Signature files beside the running daemon: what is written there is looked for from then on, and what is wrong there
// changes nothing.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { enumerateExtensions } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svmap } from './tools.ts';

jest.setTimeout(120_000);

const attacker = addresses.attacker.ipv4;
/** Would kill svmap's request in the kernel, so that nobody could say by what it was found. */
const withoutHot = '[firewall]\nhot_signatures = []\n';

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'sipvicious', 'tcpdump'],
  'signature files of a running sipwarden',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network);
      sipwarden = await startSipwarden(network, asterisk, withoutHot);
      await mkdir(join(sipwarden.folder, 'signatures.d'));
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });

    const write = (text: string) => writeFile(join(sipwarden.folder, 'signatures.d/own.toml'), text);
    const probe = () => enumerateExtensions(network, { first: 2_000, count: 1 });
    const showsEvidence = async (text: string) =>
      (await sipwarden.attacks(attacker)).some(
        ({ attack, evidence }) =>
          attack === 'scanner-signature' && evidence.values.some((value) => value.includes(text)),
      );
    const letIn = async () => {
      await sipwarden.command('unban', attacker);
      expect(await isDropped()).toBe(false);
    };
    const isDropped = async () => (await sipwarden.kernelSet('sw-drop4')).includes(attacker);
    const says = (text: string) => waitFor(text, () => sipwarden.log().includes(text));

    test('a request is found by its From as soon as a file says so', async () => {
      await probe();
      expect(await isDropped()).toBe(false);
      await write('[lab-probe]\nfield = "from"\npattern = "<sip:2000@*"\nconfidence = "drop"\n');
      await says('configuration applied');
      await probe();
      await waitFor('the source is dropped', isDropped);
      await waitFor('the attack is in the log', () => showsEvidence('<sip:2000@'));
      await letIn();
    });

    test('a wrong file is refused with what is wrong in it, and what was in force goes on', async () => {
      await write('[lab-probe]\nfield = "from"\npattern = "<sip:*@*"\nconfidence = "drop"\n');
      await says('new configuration refused, the old one stays');
      expect(sipwarden.log()).toContain('own.toml: lab-probe.pattern = ');
      await probe();
      await waitFor('the source is dropped', isDropped);
      await write('');
      await letIn();
    });

    test('what sipwarden brings along finds svmap by its From where its User-Agent is not looked for', async () => {
      const log = sipwarden.log().length;
      await sipwarden.configure(`${withoutHot}[detect.scanner-signature]\noff = ["friendly-scanner"]\n`);
      await waitFor('it is in force', () => sipwarden.log().slice(log).includes('configuration applied'));
      await svmap(network, { seconds: 5 });
      await waitFor('the scanner is dropped', isDropped);
      await waitFor('its From is in the log', () => showsEvidence('"sipvicious"<sip:100@1.1.1.1>'));
      await letIn();
    });
  },
);
