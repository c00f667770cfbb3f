// Who is who in the lab: documentation addresses only.

export const addresses = {
  pbx: { ipv4: '198.51.100.1', ipv6: '2001:db8:100::1' },
  phone: { ipv4: '198.51.100.10', ipv6: '2001:db8:100::10' },
  trunk: { ipv4: '198.51.100.20', ipv6: '2001:db8:100::20' },
  gateway: { ipv4: '198.51.100.254', ipv6: '2001:db8:100::fe' },
  attacker: { ipv4: '198.51.100.66', ipv6: '2001:db8:100::66' },
} as const;

export type Host = keyof typeof addresses;
export const hosts = Object.keys(addresses) as Host[];
