import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMessageSignatures } from '../src/capture/message-signatures.ts';
import { scanSip } from '../src/capture/sip-scan.ts';
import { loadConfig } from '../src/config.ts';
import type { Signature } from '../src/model/signature.ts';

const fixtures = join(import.meta.dirname, '../fixtures/signatures');
const namesIn = (kind: string) =>
  readdirSync(join(fixtures, kind))
    .filter((name) => name.endsWith('.toml'))
    .map((name) => name.replace('.toml', ''));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-signatures-'));
  mkdirSync(join(directory, 'signatures.d'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(directory, 'signatures.d', name), text);
const take = (file: string) => cpSync(join(fixtures, file), join(directory, 'signatures.d/own.toml'));

/** With these options of the detector. */
function load(options = '') {
  const path = join(directory, 'sipwarden.toml');
  writeFileSync(path, `[detect.scanner-signature]\n${options}`);
  return loadConfig({ path });
}

/** What is wrong, one line each. */
function problems(options = ''): readonly string[] {
  try {
    load(options);
  } catch (error) {
    const [, ...lines] = (error as Error).message.split('\n');
    return lines.map((line) => line.trim().replace(`${directory}/`, ''));
  }
  return [];
}

const named = (signatures: readonly Signature[], name: string) =>
  signatures.filter((signature) => signature.name === name);

describe('a file', () => {
  test.each(namesIn('valid'))('like %s adds to what sipwarden knows', (name) => {
    const expected = JSON.parse(
      readFileSync(join(fixtures, `valid/${name}.expected.json`), 'utf8'),
    ) as readonly Signature[];
    take(`valid/${name}.toml`);
    const { config, files } = load();
    expect(expected.flatMap((signature) => named(config.signatures, signature.name))).toEqual(expected);
    expect(named(config.signatures, 'friendly-scanner')).toHaveLength(1);
    expect(files).toContain(join(directory, 'signatures.d/own.toml'));
  });

  test.each(namesIn('invalid'))('like %s is refused whole, and every problem is named', (name) => {
    const expected = readFileSync(join(fixtures, `invalid/${name}.expected.txt`), 'utf8');
    take(`invalid/${name}.toml`);
    expect(problems()).toEqual(expected.trim().split('\n'));
  });

  test('that is read later wins', () => {
    const signature = (pattern: string) =>
      `[mine]\nfield = "to"\npattern = "${pattern}"\nconfidence = "drop"`;
    write('20.toml', signature('second'));
    write('10.toml', signature('first'));
    expect(named(load().config.signatures, 'mine')).toMatchObject([{ pattern: 'second' }]);
  });
});

describe('the options', () => {
  test('user_agents are strong signatures of the User-Agent, named as they are written', () => {
    const { signatures } = load('user_agents = ["Evil*"]').config;
    expect(named(signatures, 'Evil*')).toEqual([
      { name: 'Evil*', field: 'user-agent', pattern: 'Evil*', confidence: 'drop' },
    ]);
  });

  test('off takes away what it names, and leaves the rest', () => {
    const { signatures } = load('off = ["sipcli", "Nmap NSE"]').config;
    expect([...named(signatures, 'sipcli'), ...named(signatures, 'Nmap NSE')]).toEqual([]);
    expect(named(signatures, 'sipvicious')).toHaveLength(1);
  });

  test('off = ["*"] leaves user_agents alone', () => {
    expect(load('off = ["*"]\nuser_agents = ["Evil*"]').config.signatures.map(({ name }) => name)).toEqual([
      'Evil*',
    ]);
  });

  test('a name that no signature has is refused, so that a typing error does not go unnoticed', () => {
    expect(problems('off = ["sipcli", "sipclli"]')).toEqual([
      'sipwarden.toml: detect.scanner-signature.off[1] = "sipclli": there is no signature of that name',
    ]);
  });

  test('an override may switch off for some what is found for all, and adds nothing', () => {
    const override = (text: string) =>
      problems(`[[detect.override]]\nsources = ["192.0.2.7"]\n[detect.override.scanner-signature]\n${text}`);
    expect(override('off = ["sipsak"]')).toEqual([]);
    expect(override('off = ["sipzak"]\nuser_agents = ["x*"]')).toEqual([
      'sipwarden.toml: detect.override[0].scanner-signature.off[0] = "sipzak": there is no signature of that name',
      'sipwarden.toml: detect.override[0].scanner-signature.user_agents is looked for in every request; say it in [detect.scanner-signature]',
    ]);
  });

  test('a pattern that the sidecar could not take is refused here', () => {
    expect(problems('user_agents = ["a*b"]')).toEqual([
      'sipwarden.toml: detect.scanner-signature.user_agents[0] = "a*b": expected a text with at most one * at its begin and one at its end: "text", "text*", "*text" or "*text*"',
    ]);
  });

  test('more signatures than the memory of the sidecar is meant for are refused', () => {
    const long = Array.from({ length: 20_000 }, (_, index) => `"${index}${'x'.repeat(150)}"`);
    expect(problems(`user_agents = [${long.join(',')}]`)).toEqual([
      expect.stringContaining('too many or too long; take some away, or shorten them to "text*"'),
    ]);
  });
});

describe('what sipwarden knows by itself', () => {
  const confidencesOf = (headers: string, line = 'OPTIONS sip:192.0.2.1 SIP/2.0') => {
    const scan = scanSip(Buffer.from(`${line}\r\n${headers}\r\n\r\n`));
    if (!scan) throw new Error('no SIP');
    return createMessageSignatures(load().config.signatures)(scan).map(({ confidence }) => confidence);
  };

  test.each([
    'User-Agent: friendly-scanner',
    'User-Agent: sipcli/v1.8',
    'User-Agent: pplsip',
    'User-Agent: Nmap NSE',
    'From: "sipvicious"<sip:100@1.1.1.1>;tag=1',
    'To: "x"<sip:100@1.1.1.1>',
    'Via: SIP/2.0/TCP nm;branch=foo',
    'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds',
  ])('%s is a scanner', (headers) => {
    expect(confidencesOf(headers)).toEqual(['drop']);
  });

  test("Nmap's first line is a scanner's", () => {
    expect(confidencesOf('Max-Forwards: 70', 'OPTIONS sip:nm SIP/2.0')).toEqual(['drop']);
  });

  test.each([
    'User-Agent: sipsak 0.9.8.1',
    'User-Agent: VOIP',
    'User-Agent: Cisco-SIPGateway/IOS-15.2',
    'User-Agent: shop scanner 3',
    'From: "trunk" <sip:trunk@192.0.2.1>',
    'From: <sip:200@1.1.1.1>',
  ])('%s is no more than a hint', (headers) => {
    expect(confidencesOf(headers)).toEqual(['score']);
  });

  test.each([
    'User-Agent: friendly phone',
    'User-Agent: Friendly-Phone 2.1',
    'User-Agent: Yealink SIP-T46S 66.85.0.5',
    'User-Agent: Asterisk PBX 22.10.1',
    'User-Agent: VoIP phone of mine',
    'User-Agent: SIPVoice 1',
    'User-Agent: snomD785/10.1.175.16',
    'From: "1.1.1.1" <sip:100@192.0.2.1>',
    'From: <sip:100@1.1.1.10>',
    'From: <sip:nm@nmap.example>',
  ])('%s is nobody', (headers) => {
    expect(confidencesOf(headers)).toEqual([]);
  });
});
