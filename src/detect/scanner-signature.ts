// Known scanners: a request whose User-Agent is on the list, from its very first packet on (mission M2).
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { createThreshold } from './threshold.ts';

const name = 'scanner-signature';
/** Requests of one source this close together belong to one finding. Milliseconds. */
const togetherMs = 600_000;

/** Seen in the wild and in the tools' own sources; each with little risk of hitting an honest phone. */
const knownScanners = [
  'friendly-scanner*',
  'friendly-request*',
  'sipvicious*',
  'pplsip*',
  'sipcli*',
  'sundayddr*',
  'sundayaddr*',
  'sip-scan*',
  'sipscan*',
  'iWar*',
  'siparmyknife*',
  'sivus*',
  'smap*',
  'Gulp*',
  'Nmap NSE*',
  'VaxSIPUserAgent*',
  'VaxIPUserAgent*',
];

export const scannerSignature = defineDetector({
  name,
  summary: 'requests that carry the User-Agent of a known scanner',
  watches: ['signature-match'],
  options: z.strictObject({
    user_agents: z
      .array(z.string().min(1).max(200))
      .max(100_000)
      .default(knownScanners)
      .describe(
        'User-Agents, in any case: "name" is the whole value, "name*" its beginning, "*name*" any part of it.',
      ),
  }),
  create: (_options, context) =>
    createThreshold({ name, context, what: 'requests of a known scanner', limit: 0, withinMs: togetherMs }),
});
