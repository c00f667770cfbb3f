// For tests in which nobody is to be put out of the PBX.
import type { Expelled } from '../../src/model/expulsion.ts';

export const nobodyExpelled: Expelled = {
  isAny: () => false,
  caller: () => undefined,
  registrant: () => undefined,
  acted() {},
};
