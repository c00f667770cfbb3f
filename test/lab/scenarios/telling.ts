// Scenarios of what is told at once: canaries, diverted answers, requests that would falsify events.
import { addresses } from '../addresses.ts';
import { probeAs, probeWith } from '../liars.ts';
import type { Scenario } from '../recorder.ts';
import { speak } from '../speaker.ts';

const both = ['sip', 'ami'] as const;
const canary = '[detect.canary]\naccounts = ["9999"]\n';
const attacker = addresses.attacker.ipv4;
const single = 'one REGISTER of `test/lab/programs/single-request.ts`';

export const tellingScenarios: readonly Scenario[] = [
  {
    name: 'canary-account',
    title: 'Somebody tries an extension that exists for nobody honest',
    text: 'One REGISTER without credentials for the canary, 9999 (`test/lab/speaker.ts`).',
    sensors: both,
    settings: canary,
    act: (network) => speak(network, 'attacker', [{ method: 'REGISTER', account: '9999' }]),
  },
  {
    name: 'canary-account-neighbours',
    title: 'The extensions beside a canary',
    text: 'REGISTERs without credentials for 9998, 99990 and 999 (`test/lab/speaker.ts`).',
    sensors: both,
    settings: canary,
    act: (network) =>
      speak(
        network,
        'attacker',
        ['9998', '99990', '999'].map((account) => ({ method: 'REGISTER', account })),
      ),
  },
  {
    name: 'canary-account-dialled',
    title: 'A phone that dials a canary',
    text: 'A phone of ours registers and calls 9999 by mistake (`test/lab/speaker.ts`): a call to a canary is none from it.',
    sensors: both,
    settings: canary,
    act: (network) => {
      const own = { account: '100', password: 'pw100', port: 5_060 };
      return speak(network, 'phone', [
        { method: 'REGISTER', ...own },
        { method: 'INVITE', ...own, to: '9999' },
      ]);
    },
  },
  {
    name: 'answer-diverted-own',
    title: 'Answers that a Via has sent to where they would go anyway',
    text: `A Via whose \`maddr\` names the sender's own address (${single}).`,
    sensors: both,
    act: (network) => probeWith(network, { account: '100', at: `${attacker};maddr=${attacker}` }),
  },
  {
    name: 'answer-diverted-nat',
    title: 'A phone behind a NAT',
    text: `A Via that names a private address, with \`rport\`, as a phone behind a NAT writes it (${single}). Our answers go where the request came from.`,
    sensors: both,
    act: (network) => probeWith(network, { account: '100', at: '192.168.1.20:5060', isAuthenticated: true }),
  },
  {
    name: 'tampered-event',
    title: 'A request that writes a false event',
    text: `A caller's name with escaped line breaks: \`9999%0D%0ARemoteAddress%3A%20IPV4/UDP/${addresses.phone.ipv4}/5060\` (${single}). The reader refuses the event that Asterisk makes of it.`,
    sensors: both,
    act: (network) => probeAs(network, `9999%0D%0ARemoteAddress%3A%20IPV4/UDP/${addresses.phone.ipv4}/5060`),
  },
  {
    name: 'tampered-event-spaces',
    title: 'A name with other escapes than line breaks',
    text: `A caller's name with the same header and no line break: \`9999%20%25RemoteAddress%3A%20IPV4...\` (${single}).`,
    sensors: both,
    act: (network) => probeAs(network, `9999%20%25RemoteAddress%3A%20IPV4/UDP/${addresses.phone.ipv4}/5060`),
  },
  {
    name: 'tampered-event-contact',
    title: 'Escaped line breaks where they belong',
    text: `A phone of ours registers a Contact that carries a header of several lines, as RFC 3261 §19.1.1 allows: \`?Subject=a%0D%0A%20b\` (${single}).`,
    sensors: both,
    act: (network) =>
      probeWith(network, {
        account: '100',
        at: attacker,
        isAuthenticated: true,
        contact: `<sip:100@${attacker}?Subject=a%0D%0A%20b>`,
      }),
  },
];
