// The default gateways in the kernel's route tables, as /proc/net/route and /proc/net/ipv6_route print them. Of several
// next hops of one IPv4 route the kernel prints the first.
import { type Address, isReserved, parseAddress } from '../model/address.ts';

const maxGateways = 64;
/** RTF_UP and RTF_GATEWAY. */
const wanted = 0x3;
/** RTF_REJECT: the route refuses. */
const refused = 0x200;

/** Interface, destination, gateway, flags, three counters, mask. Words are the host's own: the last byte comes first. */
const ipv4Line = /^\S+\t0{8}\t(?<gateway>[\dA-F]{8})\t(?<flags>[\dA-F]{1,8})\t\d+\t\d+\t\d+\t0{8}(?:\s|$)/;
/** Destination and length, source and length, next hop, metric, two counters, flags. */
const ipv6Line =
  /^0{32} 00 [\da-f]{32} [\da-f]{2} (?<gateway>[\da-f]{32}) (?:[\da-f]{8} ){3}(?<flags>[\da-f]{8})(?:\s|$)/;

export function readIPv4Gateways(table: string): readonly Address[] {
  return gatewaysIn(table, ipv4Line, (hex) => Buffer.from(hex, 'hex').reverse().join('.'));
}

export function readIPv6Gateways(table: string): readonly Address[] {
  return gatewaysIn(table, ipv6Line, (hex) => hex.replace(/(.{4})(?!$)/g, '$1:'));
}

/** At most 64, sorted. Link-local ones are left out: nobody ever blocks them. */
function gatewaysIn(table: string, pattern: RegExp, write: (hex: string) => string): readonly Address[] {
  const gateways = new Set<Address>();
  for (const line of table.split('\n')) {
    const { gateway = '', flags = '' } = pattern.exec(line)?.groups ?? {};
    const bits = Number.parseInt(flags, 16);
    if ((bits & wanted) !== wanted || (bits & refused) !== 0) continue;
    const address = parseAddress(write(gateway));
    if (address !== undefined && !isReserved(address)) gateways.add(address);
    if (gateways.size >= maxGateways) break;
  }
  return [...gateways].sort();
}
