// What picks the connections of blocked sources to us, for ss and for conntrack. Pure, from checked entries only.
// Connections that we opened are none of them: there our end is no protected port, and the flow's first packet was ours.
import { isIPv6 } from '../model/address.ts';
import type { Entry } from '../model/enforcer.ts';
import type { PortRange } from '../model/options.ts';
import type { RuleSettings } from './rule-settings.ts';

export type ProtectedPorts = Pick<RuleSettings, 'udpPorts' | 'tcpPorts' | 'banScope'>;

/** With more ports than this, conntrack forgets all flows of a transport that the source began. */
const mostPorts = 64;

/** TCP connections, in the language of ss (iproute2 6); undefined where there can be none. */
export function ssFilter(entries: readonly Entry[], ports: ProtectedPorts): string | undefined {
  const ofTcp = entries.filter(({ port }) => port === undefined || port.protocol === 'tcp');
  if (ofTcp.length === 0 || ports.tcpPorts.length === 0) return undefined;
  const ours = ports.tcpPorts.map(([first, last]) => `( sport >= :${first} and sport <= :${last} )`);
  const sources = ofTcp.map((entry) => {
    const { set, target, port } = entry;
    const from = isIPv6(target) ? `[${target}]` : target;
    const isAnyPort = ports.banScope === 'all-ports' && set !== 'port';
    const parts = [
      `dst ${from}`,
      ...(port ? [`dport = :${port.port}`] : []),
      ...(isAnyPort ? [] : [any(ours)]),
    ];
    return `( ${parts.join(' and ')} )`;
  });
  return any(sources);
}

/** Commands for `conntrack --load-file` (conntrack-tools 1.4.7): flows that a source began. */
export function conntrackLines(entries: readonly Entry[], ports: ProtectedPorts): readonly string[] {
  return entries.flatMap(({ set, target, port }) => {
    const from = `-D -f ${isIPv6(target) ? 'ipv6' : 'ipv4'} -s ${target}`;
    if (ports.banScope === 'all-ports' && set !== 'port') return [from];
    return (['udp', 'tcp'] as const).flatMap((transport) => {
      if (port && port.protocol !== transport) return [];
      const flow = `${from} -p ${transport}${port ? ` --sport ${port.port}` : ''}`;
      return destinations(transport === 'udp' ? ports.udpPorts : ports.tcpPorts).map((to) => `${flow}${to}`);
    });
  });
}

function destinations(ranges: readonly PortRange[]): readonly string[] {
  const count = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (count > mostPorts) return [''];
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => ` --dport ${first + index}`),
  );
}

function any(conditions: readonly string[]): string {
  return `( ${conditions.join(' or ')} )`;
}
