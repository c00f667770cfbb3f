// What can go wrong with the firewall, each with its cure.
import { SipwardenError } from '../model/error.ts';

const hints = {
  FIREWALL_REFUSED_TARGET:
    'write an address or a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64; a port goes with one address',
  FIREWALL_UNTOUCHABLE:
    'take it from the allowlist or end what protects it first, if it really is to be blocked',
  FIREWALL_NO_IPV6:
    'nothing to do where there is no IPv6; otherwise install ip6tables and its kernel modules',
  FIREWALL_NOT_PREPARED: 'our sets are made anew by the next repair; look for what removed them',
  FIREWALL_SET_FULL: 'block networks instead of single addresses, or shorten the ban time',
  FIREWALL_SET_IN_USE: 'remove the rules of your own that name a set of ours, then try again',
  FIREWALL_NO_BACK_END:
    'install the packages iptables and ipset, or nftables; whichever it is takes CAP_NET_ADMIN (run as root)',
  FIREWALL_COMMAND_MISSING: 'install the packages iptables and ipset, or the package nftables',
  FIREWALL_COMMAND_FAILED:
    'it takes CAP_NET_ADMIN (run as root) and a kernel with ip_set, xt_set and xt_hashlimit, or nf_tables and nft_tproxy (Linux 5.16)',
  FIREWALL_CHILD_EXITED:
    'see that ipset, or nft, is installed and that it may change the firewall (CAP_NET_ADMIN)',
  FIREWALL_TIMEOUT: 'another program may hold the firewall, or the machine is overloaded; it is tried again',
} as const;

export type FirewallErrorCode = keyof typeof hints;

export function firewallError(code: FirewallErrorCode, message: string, cause?: unknown): SipwardenError {
  return new SipwardenError(code, message, { hint: hints[code], cause });
}
