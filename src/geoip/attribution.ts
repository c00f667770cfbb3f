// Whom the licences of databases ask us to name where their answers are shown.

/** The maker of the included one, whose type does not say so. */
export const dbIp = 'IP Geolocation by DB-IP, https://db-ip.com';

const makers: readonly (readonly [type: RegExp, attribution: string])[] = [
  [/^GeoLite2-/, 'This product includes GeoLite2 data created by MaxMind, https://www.maxmind.com'],
  [/^DBIP-/, dbIp],
  [/^ipinfo/i, 'IP address data powered by IPinfo, https://ipinfo.io'],
];

/** By the type that the database gives itself. Empty of a maker who is not known. */
export function attributionOf(type: string): string {
  return makers.find(([pattern]) => pattern.test(type))?.[1] ?? '';
}
