// The options of [capture], and the tcpdump command that they ask for. Numbers and checked names only reach it.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CaptureSettings } from '../capture/protocol.ts';
import { SipwardenError } from '../model/error.ts';
import { durationOption, userOption } from '../model/options.ts';

export const captureOptions = z.strictObject({
  source: z
    .enum(['nflog', 'af-packet', 'off'])
    .default('nflog')
    .describe(
      'Where packets are read: "nflog" sees what the firewall lets pass, so banned floods cost nothing; ' +
        '"af-packet" needs no firewall rule but sees banned floods too; "off" leaves it to the other sensors.',
    ),
  nflog_group: z
    .int()
    .min(0)
    .max(65_535)
    .default(5060)
    .describe('The NFLOG group that our firewall rules log to. One program at a time can read a group.'),
  interface: z
    .string()
    .regex(/^[a-zA-Z0-9_.:-]{1,15}$/, 'expected the name of a network interface, such as "eth0", or "any"')
    .default('any')
    .describe(
      'The network interface that "af-packet" reads, or "any". Set it promiscuous yourself where it is a mirror port.',
    ),
  sidecar_user: userOption('nobody').describe(
    'The user, by name or number, as whom the program which parses packets runs. It should own nothing. ' +
      'Takes effect at the next start.',
  ),
  answer_within: durationOption('1s', { atMost: '1m' }).describe(
    'A challenge that a caller does not take up within this time counts as a probe of that account.',
  ),
  nonce_lifetime: durationOption('32s', { atLeast: '1s', atMost: '1d' }).describe(
    'How long a nonce of ours proves an address. The longest nonce_lifetime of the PBX; 32s is its default.',
  ),
});
export type CaptureOptions = z.infer<typeof captureOptions>;

/** A packet longer than this is cut; a padded Via must not push the User-Agent out. */
const packetBytes = 2048;
/** 32 MiB for what tcpdump did not fetch yet. */
const bufferKiB = '32768';

/** The source in a person's words. */
export function describeSource({ source, nflog_group, interface: device }: CaptureOptions): string {
  return source === 'nflog' ? `NFLOG group ${nflog_group}` : `interface ${device}`;
}

/**
 * tcpdump's arguments: raw records to standard output, each as it comes. `af-packet` reads `any` even for one
 * interface, since only its cooked header tells what left from what arrived. Throws CAPTURE_INTERFACE.
 */
export function tcpdumpArguments(options: CaptureOptions, filter: string): string[] {
  const common = ['-U', '-B', bufferKiB, '-w', '-'];
  if (options.source === 'nflog') return ['-i', `nflog:${options.nflog_group}`, ...common];
  const device = options.interface;
  return [
    ...['-i', 'any', '-y', 'LINUX_SLL2', '--immediate-mode', '-s', String(packetBytes), ...common],
    device === 'any' ? filter : `ifindex ${readInterfaceIndex(device)} and (${filter})`,
  ];
}

type Ports = Pick<CaptureSettings, 'udpPorts' | 'tcpPorts' | 'tftpPorts'>;

/** pcap-filter(7) for the ports, for first answers to requests for files, and for later fragments, which have no port. */
export function packetFilter({ udpPorts, tcpPorts, tftpPorts }: Ports): string {
  const fragments = ['(ip[6:2] & 0x1fff != 0)', '(ip6[6] = 44)'];
  return [
    ...portTests('udp', [...udpPorts, ...tftpPorts]),
    ...portTests('tcp', tcpPorts),
    ...(tftpPorts.length > 0
      ? [fileAnswers('udp[8:4]', 'udp'), fileAnswers('ip6[48:4]', 'ip6[6] = 17')]
      : []),
    ...fragments,
  ].join(' or ');
}

/** A server of files answers from any port: the first block, `file not found`, its options (RFC 1350 §5, RFC 2347). */
function fileAnswers(begins: string, isUdp: string): string {
  return `(${isUdp} and (${begins} = 0x00030001 or ${begins} = 0x00050001 or ${begins} & 0xffff0000 = 0x00060000))`;
}

function portTests(transport: 'udp' | 'tcp', ranges: Ports['udpPorts']): string[] {
  return ranges.map(([first, last]) => `(${transport} portrange ${first}-${last})`);
}

function readInterfaceIndex(device: string): number {
  try {
    return Number.parseInt(readFileSync(`/sys/class/net/${device}/ifindex`, 'utf8'), 10);
  } catch (cause) {
    throw new SipwardenError('CAPTURE_INTERFACE', `there is no network interface ${device}`, {
      hint: 'set interface in [capture] to one that "ip link" shows, or to "any"',
      cause,
    });
  }
}
