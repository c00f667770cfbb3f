// A flood of real packets from forged sources, and what it does to those who are none of them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chainLines } from '../../src/enforce/iptables-rules.ts';
import { captureLimit } from '../../src/enforce/rule-settings.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { floodCapture } from './flood-capture.ts';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { missingForNamespaces } from './namespace.ts';
import { openPacketLink, openPort, type PacketLink, pbxAddress, rules, unreadPort } from './packet-link.ts';

const missing = await missingForNamespaces(['tcpreplay']);
const topic = 'packets from more forged sources than a limit table holds';

describe.each(kernelBackEnds)(`${topic}, with $name`, ({ name, create, logged, ...backEnd }) => {
  const lacking = missing ?? backEnd.missing;
  if (lacking) {
    test.skip(`are not sent: ${lacking}`, () => {});
    return;
  }
  let link: PacketLink;
  let enforcer: Enforcer;
  let folder: string;

  beforeAll(async () => {
    link = await openPacketLink();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-flood-'));
    const macAddress = (await link.pbx.run('cat', ['/sys/class/net/veth0/address'])).trim();
    const sources = captureLimit.tableMax + 20_000;
    const flood = floodCapture({ macAddress, to: pbxAddress[4], port: unreadPort, sources });
    await writeFile(join(folder, 'flood.pcap'), flood);
  });
  afterAll(async () => {
    await link?.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    enforcer = create(link.pbx, rules);
    await enforcer.prepare();
  });
  afterEach(() => enforcer.teardown());

  const flood = (rounds: number) => {
    const options = ['--topspeed', '--preload-pcap', `--loop=${rounds}`, '-i', 'veth0'];
    return link.outside.run('tcpreplay', [...options, join(folder, 'flood.pcap')]);
  };

  test('cost nobody else a packet', async () => {
    await flood(1);
    expect(await link.arriving('192.0.2.2')).toBe(5);
    expect(await logged(link.pbx, 'requests', 4)).toBeLessThan(captureLimit.tableMax);
  }, 30_000);

  // A full set of nftables takes no note of a packet, and lets it through.
  (name === 'ipset' ? test : test.skip)(
    'would do so without the limit over everybody',
    async () => {
      const unlimited = chainLines(4, rules).map((line) =>
        line
          .replace(/-m hashlimit .*?-all\S+ /, '')
          .replace(/(expire) \d+/, '$1 60000')
          .replace('--hashlimit-name ', '--hashlimit-name x'),
      );
      await link.pbx.run('iptables-restore', ['--noflush'], `*raw\n${unlimited.join('\n')}\nCOMMIT\n`);
      // More than once, as the link itself may lose some.
      await flood(3);
      expect(await arrivingUnmarked()).toBe(0);
    },
    30_000,
  );

  /** Without a clean source's last packet, as that one would be lost as well: through a port that is not ours. */
  const arrivingUnmarked = async () => {
    link.receiver.lines.length = 0;
    const sending = { from: '192.0.2.2', to: pbxAddress[4], count: 5, text: 'OPTIONS' };
    await link.sender.send({ ...sending, port: 5_060 });
    await link.sender.send({ ...sending, port: openPort });
    await link.receiver.until((line) => line.kind === 'packet' && line.port === openPort);
    return link.receiver.lines.filter(
      (line) => line.kind === 'packet' && line.from === '192.0.2.2' && line.port === 5_060,
    ).length;
  };
});
