// Whom the licences of databases ask us to name where their answers are shown.

const makers: readonly (readonly [type: RegExp, attribution: string])[] = [
  [/^(GeoLite|GeoIP)2-/, 'This product includes GeoLite2 data created by MaxMind, https://www.maxmind.com'],
  [/^(DBIP-|country ipv|asn ipv)/, 'IP Geolocation by DB-IP, https://db-ip.com'],
  [/^ipinfo/i, 'IP address data powered by IPinfo, https://ipinfo.io'],
];

/** By the type that the database gives itself. Empty of a maker who is not known. */
export function attributionOf(type: string): string {
  return makers.find(([pattern]) => pattern.test(type))?.[1] ?? '';
}
