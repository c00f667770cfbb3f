// Which capabilities (capabilities(7)) the daemon needs, and which it holds so that its children, the firewall's
// programs and tcpdump, hold them too.
import { readFileSync } from 'node:fs';

/** Their numbers in linux/capability.h. */
const numbers = { net_admin: 12, net_raw: 13 } as const;
export type Capability = keyof typeof numbers;

export interface Wanted {
  readonly backend: string;
  readonly source: 'nflog' | 'af-packet' | 'off';
}

/** It asks for sets, and iptables-legacy for everything, through a raw socket. */
export function usesIptables(backend: string): boolean {
  return changesFirewall(backend) && backend !== 'nftables';
}

function changesFirewall(backend: string): boolean {
  return backend !== 'dry-run' && backend !== 'asterisk-acl';
}

export function neededCapabilities({ backend, source }: Wanted): readonly Capability[] {
  const needed: Capability[] = [];
  if (changesFirewall(backend) || source === 'nflog') needed.push('net_admin');
  if (usesIptables(backend) || source === 'af-packet') needed.push('net_raw');
  return needed;
}

/** `permitted` is what we may hand on as root, `ambient` what our children get without further doing. */
export function lackedCapabilities(
  needed: readonly Capability[],
  set: 'permitted' | 'ambient',
  status = readFileSync('/proc/self/status', 'utf8'),
): readonly Capability[] {
  const key = set === 'permitted' ? 'CapPrm' : 'CapAmb';
  const held = BigInt(`0x${new RegExp(`^${key}:\\t([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return needed.filter((name) => ((held >> BigInt(numbers[name])) & 1n) === 0n);
}
