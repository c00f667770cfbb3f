// A request that is made to put false lines into Asterisk's events. The events themselves are refused by the AMI reader;
// who sent the request is known from its packet alone, which can be forged.
import { defineOnlyTold } from './only-told.ts';

export const tamperedEvent = defineOnlyTold({
  name: 'tampered-event',
  watches: 'event-tampered',
  summary: "requests that are made to falsify Asterisk's events; only told",
  what: 'requests that are made to falsify events',
});
