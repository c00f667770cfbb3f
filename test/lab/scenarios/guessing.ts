// Scenarios of guessed passwords: from one address, patiently, from many, and with a hit.
import { addresses } from '../addresses.ts';
import { extensions, siteExtensions } from '../asterisk-config.ts';
import { guessPasswords } from '../attacks.ts';
import type { Network } from '../namespaces.ts';
import type { Scenario } from '../recorder.ts';
import { type SpokenRequest, speak } from '../speaker.ts';

const attacker = addresses.attacker.ipv4;
const both = ['sip', 'ami'] as const;
const minute = 60_000;
/** 51 of them take 21 hours. */
const patient = [9, 38, 21, 32].map((minutes) => minutes * minute);

type Login = Pick<SpokenRequest, 'account'> & Partial<SpokenRequest>;

/** A REGISTER, and the answer to its challenge, right where nothing else is said. */
function login({ account, ...more }: Login, password = passwordOf(account)): SpokenRequest {
  return { method: 'REGISTER', from: attacker, account, password, headers: ['Expires: 3600'], ...more };
}

function passwordOf(account: string): string {
  return { ...extensions, ...siteExtensions }[account] ?? 'none';
}

function guesses(account: string, count: number, more: Partial<SpokenRequest> = {}): SpokenRequest[] {
  return Array.from({ length: count }, (_, index) => login({ account, ...more }, `guess${index}`));
}

function manyAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `198.51.100.${101 + index}`);
}

async function fromMany(network: Network, count: number, requests: (from: string) => SpokenRequest[]) {
  const froms = manyAddresses(count);
  for (const from of froms) await network.addAddress('attacker', from);
  return speak(network, 'attacker', froms.flatMap(requests));
}

const speaks =
  "REGISTERs of the lab's own client (`test/lab/speaker.ts`), each answering the challenge that it got";

export const guessingScenarios: readonly Scenario[] = [
  {
    name: 'registration-bruteforce-11',
    title: 'One guess too many',
    text: `Eleven wrong passwords for extension 1005 (${speaks}). Packets and events tell of the same eleven.`,
    sensors: both,
    act: (network) => speak(network, 'attacker', guesses('1005', 11)),
  },
  {
    name: 'registration-bruteforce-10',
    title: 'As many guesses as are forgiven',
    text: 'Ten wrong passwords, as many as `hit_count` forgives, though packets and events tell of each. Otherwise as `registration-bruteforce-11`.',
    sensors: both,
    act: (network) => speak(network, 'attacker', guesses('1005', 10)),
  },
  {
    name: 'registration-bruteforce-tls',
    title: 'Guessing over TLS',
    text: "Fifteen REGISTERs with invented credentials over one TLS connection (`guessPasswords` of `test/lab/attacks.ts`). Packets say nothing; Asterisk's events do, and the connection proves the address.",
    sensors: ['ami'],
    act: (network) => guessPasswords(network, { protocol: 'TLS', count: 15 }),
  },
  {
    name: 'registration-bruteforce-slow-51',
    title: 'A patient guesser',
    text: `Fifty-one wrong passwords for extension 1005, one each 25 minutes or so (${speaks}).`,
    sensors: both,
    stepsMs: patient,
    act: (network) => speak(network, 'attacker', guesses('1005', 51)),
  },
  {
    name: 'registration-bruteforce-slow-50',
    title: 'A patient guesser who is forgiven',
    text: 'Fifty wrong passwords, as many as `slow_hit_count` forgives in a day. Otherwise as `registration-bruteforce-slow-51`.',
    sensors: both,
    stepsMs: patient,
    act: (network) => speak(network, 'attacker', guesses('1005', 50)),
  },
  {
    name: 'registration-bruteforce-softphone',
    title: 'A softphone with a wrong password',
    text: 'A softphone at an address that nobody knows tries to register as 102 every 30 seconds, thirty times, with the same wrong password (the lab\'s own client under the name "Zoiper rv2.10.20.4"). It is named, and not blocked.',
    sensors: both,
    stepsMs: [30_000],
    act: (network) =>
      speak(
        network,
        'attacker',
        Array.from({ length: 30 }, () => login({ account: '102', port: 5_060 }, 'mistyped')),
        { userAgent: 'Zoiper rv2.10.20.4' },
      ),
  },
  {
    name: 'registration-bruteforce-slow-even',
    title: 'A guesser as patient and even as a phone',
    text: 'As `registration-bruteforce-slow-51`, one password each 25 minutes exactly. From outside it cannot be told from a phone with a wrong password, so it is named, and blocked only after `unknown_phone_tries`.',
    sensors: both,
    stepsMs: [25 * minute],
    act: (network) => speak(network, 'attacker', guesses('1005', 51)),
  },
  {
    name: 'registration-bruteforce-office',
    title: 'An office with one stale phone',
    text: "Six phones behind one address register every minute, twelve times; one of them has an old password (the lab's own client, a port for each phone). The office goes on.",
    sensors: both,
    stepsMs: [minute],
    async act(network) {
      const phones = Object.keys(siteExtensions).slice(0, 6);
      const from = addresses.phone.ipv4;
      const round = phones.map((account, index) =>
        login({ account, from, port: 6_000 + index }, index === 5 ? 'old' : passwordOf(account)),
      );
      const spoken = await speak(network, 'phone', Array.from({ length: 12 }, () => round).flat(), {
        userAgent: 'Yealink SIP-T46S 66.85.0.5',
      });
      return spoken.filter((_, index) => index % phones.length === 0);
    },
  },
  {
    name: 'distributed-bruteforce-6',
    title: 'Six sources on one account',
    text: `Six addresses try two passwords each on extension 1005 (${speaks}).`,
    sensors: both,
    act: (network) => fromMany(network, 6, (from) => guesses('1005', 2, { from })),
  },
  {
    name: 'distributed-bruteforce-5',
    title: 'As many sources as are forgiven',
    text: 'Five addresses, as many as `source_count` forgives. Otherwise as `distributed-bruteforce-6`.',
    sensors: both,
    act: (network) => fromMany(network, 5, (from) => guesses('1005', 2, { from })),
  },
  {
    name: 'distributed-bruteforce-new-password',
    title: 'An account with a new password',
    text: "Somebody uses extension 1005 at eight places, where he signs in and out. Once its password is another, each place fails twice with the one that it knows (the lab's own client; another password for the places is the same to Asterisk as another for the account).",
    sensors: both,
    async act(network) {
      const inAndOut = (from: string) => [
        login({ account: '1005', from }),
        login({ account: '1005', from, headers: ['Expires: 0'] }),
      ];
      await fromMany(network, 8, inAndOut);
      return speak(
        network,
        'attacker',
        manyAddresses(8).flatMap((from) => guesses('1005', 2, { from })),
      );
    },
  },
  {
    name: 'compromised-account-4',
    title: 'A guess that hits',
    text: `Four wrong passwords for extension 1005, and then the right one, from an address that nobody knows (${speaks}).`,
    sensors: both,
    act: (network) => speak(network, 'attacker', [...guesses('1005', 4), login({ account: '1005' })]),
  },
  {
    name: 'compromised-account-3',
    title: 'As many failures before a success as are forgiven',
    text: 'Three wrong passwords, as many as `fail_count` forgives, and then the right one. Otherwise as `compromised-account-4`.',
    sensors: both,
    act: (network) => speak(network, 'attacker', [...guesses('1005', 3), login({ account: '1005' })]),
  },
  {
    name: 'compromised-account-owner',
    title: 'The owner of an account who mistypes his new password',
    text: "A phone that is registered fails six times, and gets in again: its owner has a new password (the lab's own client).",
    sensors: both,
    act: (network) =>
      speak(network, 'attacker', [
        login({ account: '1005' }),
        ...guesses('1005', 6),
        login({ account: '1005' }),
      ]),
  },
];
