import { describe, expect, test } from '@jest/globals';
import { runCommand } from '../../src/lib/run-command.ts';
import { captureOptions, packetFilter, tcpdumpArguments } from '../../src/sense/capture-options.ts';
import { describeWhere } from '../prerequisites.ts';

const ports = {
  udpPorts: [[5060, 5061]] as [number, number][],
  tcpPorts: [[5060, 5060]] as [number, number][],
  tftpPorts: [[69, 69]] as [number, number][],
};

describe('the options of [capture]', () => {
  test('have a default each', () => {
    expect(captureOptions.parse({})).toEqual({
      source: 'nflog',
      nflog_group: 5060,
      interface: 'any',
      sidecar_user: 'nobody',
      answer_within: 1_000,
      nonce_lifetime: 32_000,
    });
  });

  test.each([
    ['a group that no NFLOG rule can have', { nflog_group: 65_536 }],
    ['an interface that is a command', { interface: 'eth0; reboot' }],
    ['an interface that is a path', { interface: '../../etc' }],
    ['a user that is an option', { sidecar_user: '--help' }],
    ['another source', { source: 'pcap' }],
    ['an unknown key', { snaplen: 1 }],
    ['a lifetime without a unit', { nonce_lifetime: '32' }],
  ])('refuse %s', (_, options) => {
    expect(captureOptions.safeParse(options).success).toBe(false);
  });
});

describe("tcpdump's arguments", () => {
  test('name the group and no filter in nflog, where the rules choose', () => {
    const options = captureOptions.parse({ nflog_group: 7 });
    expect(tcpdumpArguments(options, packetFilter(ports))).toEqual([
      '-i',
      'nflog:7',
      '-U',
      '-B',
      '32768',
      '-w',
      '-',
    ]);
  });

  test('hand over each packet at once in af-packet', () => {
    const options = captureOptions.parse({ source: 'af-packet' });
    expect(tcpdumpArguments(options, packetFilter(ports))).toEqual(
      expect.arrayContaining(['--immediate-mode', '-U', '-s', '2048']),
    );
  });

  test('choose one interface by its index, so that directions stay known', () => {
    const options = captureOptions.parse({ source: 'af-packet', interface: 'lo' });
    expect(tcpdumpArguments(options, packetFilter(ports)).at(-1)).toMatch(/^ifindex 1 and \(\(udp /);
  });
});

describeWhere(['tcpdump', 'root', 'namespaces'], 'the packet filter', () => {
  test.each([
    ['ports and ranges', ports],
    ['no port at all', { udpPorts: [], tcpPorts: [], tftpPorts: [] }],
    ['64 ranges each', { udpPorts: ranges(64), tcpPorts: ranges(64), tftpPorts: ranges(64) }],
  ])('compiles for %s', async (_, some) => {
    const args = ['-n', 'tcpdump', '-i', 'any', '-y', 'LINUX_SLL2', '-d', packetFilter(some)];
    expect((await runCommand('unshare', args)).stdout).toContain('ret');
  });
});

function ranges(count: number): [number, number][] {
  return Array.from({ length: count }, (_, index) => [1_000 + index * 10, 1_005 + index * 10]);
}
