// The flow with the settings that come with it, and nobody outside: for what is measured of it in a process of its own.
import { configSchema } from '../src/config-schema.ts';
import { createAddressList } from '../src/decide/address-list.ts';
import type { Address } from '../src/model/address.ts';
import { createPipeline, type Pipeline } from '../src/pipeline.ts';
import { nowhere } from './geographies.ts';

export function createQuietPipeline(own: Address): Pipeline {
  let ids = 0;
  const nothing = () => {};
  return createPipeline({
    settings: configSchema.parse({}),
    allowlist: createAddressList(),
    ownAddresses: () => [own],
    geography: nowhere,
    newId: () => `${ids++}`,
    effects: {
      block: async () => {},
      unblock: async () => {},
      expel: nothing,
      shield: nothing,
      report: nothing,
      alarm: nothing,
      passed: nothing,
      collapsed: nothing,
    },
  });
}
