// Where Linux says who is logged in and which way is out. Tests name other places.

export interface HostPaths {
  readonly utmp: string;
  /** One file for each session of systemd-logind. */
  readonly sessions: string;
  readonly processes: string;
  readonly ipv4Routes: string;
  readonly ipv6Routes: string;
}

export const hostPaths: HostPaths = {
  utmp: '/run/utmp',
  sessions: '/run/systemd/sessions',
  processes: '/proc',
  ipv4Routes: '/proc/net/route',
  ipv6Routes: '/proc/net/ipv6_route',
};
