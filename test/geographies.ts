// Where addresses are, as the tests want it.
import type { Address } from '../src/model/address.ts';
import type { Geography, Origin } from '../src/model/geography.ts';

export const nowhere: Geography = { originOf: () => ({}) };

export function geographyOf(origins: Readonly<Record<Address, Origin>>): Geography {
  return { originOf: (source) => origins[source] ?? {} };
}
