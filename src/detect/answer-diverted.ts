// A request had our answer sent to another address than its own: somebody learns nonces under a forged address, or has
// us send packets to a third party. Neither address is an attacker for certain.
import { defineOnlyTold } from './only-told.ts';

export const answerDiverted = defineOnlyTold({
  name: 'answer-diverted',
  watches: 'answer-diverted',
  summary: 'answers of ours that left to another address than their request came from; only told',
  what: 'answers that left to another address',
});
