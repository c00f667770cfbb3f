// Whom the sidecar believes, which way a mirrored message went, and over what.
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHepDecoder } from '../../src/capture/hep-decoder.ts';
import type { WireMessage } from '../../src/capture/packet.ts';
import type { HepListener } from '../../src/capture/protocol.ts';
import { createSipObserver } from '../../src/capture/sip-observer.ts';
import type { Observation } from '../../src/model/observation.ts';
import { agents } from '../signatures.ts';
import { caller, type HepParts, hepDatagram, pbxTls } from './hep-datagrams.ts';
import { answer, challengeOf, digest, request } from './sip-conversation.ts';

const now = 1_795_397_156_250;
const settings = {
  udpPorts: [[5060, 5060]] as [number, number][],
  tcpPorts: [[5060, 5061]] as [number, number][],
  tftpPorts: [],
  signatures: agents('friendly-scanner'),
  answerWithinMs: 1_000,
  nonceLifetimeMs: 32_000,
};
const password = 'of the test';
const listener: HepListener = {
  listen: { address: '127.0.0.1', port: 9060 },
  allow: [],
  local: [],
  ports: { tls: [[5061, 5061]], ws: [[8088, 8088]], wss: [[8089, 8089]] },
};

function decode({
  own = [pbxTls.address] as readonly string[],
  asksPassword = true,
  ...more
}: Partial<HepListener> & { readonly own?: readonly string[]; readonly asksPassword?: boolean } = {}) {
  const { passwordHash, ...open } = { passwordHash: hash('sha256', password), ...listener };
  const used = { ...open, ...(asksPassword && { passwordHash }), ...more };
  const messages: WireMessage[] = [];
  const discarded: string[] = [];
  let behindProxy = 0;
  const decoder = createHepDecoder(settings, used, {
    isOwn: (address) => own.includes(address),
    onMessage: (message) => messages.push(message),
    onBehindProxy: () => {
      behindProxy += 1;
    },
    discard: (reason) => discarded.push(reason),
  });
  return {
    messages,
    discarded,
    behindProxy: () => behindProxy,
    push: (parts: HepParts, sender = '127.0.0.1') =>
      decoder.datagram(hepDatagram({ password, ...parts }), { sender, time: now }),
    decoder,
  };
}
const phone = { address: '203.0.113.9', port: 5_061 };

describe('the sender of a mirrored message', () => {
  test('is believed with the password', () => {
    const hep = decode();
    hep.push({});
    hep.push({ source: pbxTls, destination: caller });
    expect(hep.messages).toMatchObject([
      { direction: 'in', transport: 'tls', source: caller, destination: pbxTls, isConnectionProven: true },
      { direction: 'out', transport: 'tls', source: pbxTls, destination: caller },
    ]);
  });

  test.each(['', 'of the tesT', 'of the test ', 'x'.repeat(60_000)])(
    'is not heard with another password (%#)',
    (wrong) => {
      const hep = decode();
      hep.push({ password: wrong });
      expect(hep.messages).toEqual([]);
      expect(hep.discarded).toEqual(['hep: a wrong password']);
    },
  );

  test('is not even read where it is not allowed', () => {
    const hep = decode({ allow: ['192.0.2.0/24'] });
    hep.decoder.datagram(Buffer.from('garbage'), { sender: '198.51.100.7', time: now });
    hep.push({}, '192.0.2.200');
    expect(hep.discarded).toEqual(['hep: a sender that is not allowed']);
    expect(hep.messages).toHaveLength(1);
  });

  test('proves nothing where no password is asked for', () => {
    const hep = decode({ asksPassword: false });
    hep.push({});
    hep.push({ source: pbxTls, destination: caller });
    expect(hep.messages).toMatchObject([
      { direction: 'unknown', transport: 'tls', isConnectionProven: false },
      { direction: 'unknown', transport: 'tls', isConnectionProven: false },
    ]);
  });

  test('is asked for the time, unless its clock is another one', () => {
    const hep = decode();
    hep.push({ time: now - 2_000 });
    hep.push({ time: now + 3_600_000 });
    expect(hep.messages.map(({ time }) => time)).toEqual([now - 2_000, now]);
    expect(hep.discarded).toEqual(['hep: another clock, the arrival counts']);
  });
});

describe('the direction of a mirrored message', () => {
  const bothPorts = { source: phone, destination: pbxTls };

  test('is told by the address that is ours, also where both ends use a port for SIP', () => {
    const hep = decode();
    hep.push(bothPorts);
    hep.push({ source: pbxTls, destination: phone });
    expect(hep.messages.map(({ direction }) => direction)).toEqual(['in', 'out']);
  });

  test('is told by the address of another machine that mirrors itself, or that is named as ours', () => {
    const named = decode({ own: [], local: ['192.0.2.0/28'] });
    named.push(bothPorts);
    const itself = decode({ own: [] });
    itself.push(bothPorts, pbxTls.address);
    expect([...named.messages, ...itself.messages].map(({ direction }) => direction)).toEqual(['in', 'in']);
  });

  test('is told by the port where no address is ours, and by nothing where both ends use one', () => {
    const hep = decode({ own: [] });
    hep.push({});
    hep.push({ source: pbxTls, destination: caller });
    hep.push(bothPorts);
    expect(hep.messages.map(({ direction }) => direction)).toEqual(['in', 'out', 'unknown']);
  });

  test('is never told by what the message says', () => {
    const hep = decode();
    hep.push({ payload: 'SIP/2.0 401 Unauthorized\r\n\r\n' });
    expect(hep.messages).toMatchObject([{ direction: 'in' }]);
  });
});

describe('the transport of a mirrored message', () => {
  test.each([
    [17, 5_060, 'udp'],
    [17, 5_061, 'udp'],
    [6, 5_060, 'tcp'],
    [6, 5_061, 'tls'],
    [6, 8_088, 'ws'],
    [6, 8_089, 'wss'],
  ])('is told by protocol %i and our port %i: %s', (protocol, port, transport) => {
    const hep = decode();
    const ours = { address: pbxTls.address, port };
    hep.push({ protocol, destination: ours });
    hep.push({ protocol, source: ours, destination: { address: caller.address, port: 8_089 } });
    expect(hep.messages.map((message) => message.transport)).toEqual([transport, transport]);
  });

  test('is UDP, TCP or none', () => {
    const hep = decode();
    hep.push({ protocol: 132 });
    expect(hep.discarded).toEqual(['hep: neither UDP nor TCP']);
  });

  test('is told apart where a proxy on this machine passes WebSocket on', () => {
    const hep = decode({ own: [pbxTls.address, '127.0.0.1'] });
    const [proxy, pbx] = [
      { address: '127.0.0.1', port: 40_000 },
      { address: '127.0.0.1', port: 8_088 },
    ];
    hep.push({ source: proxy, destination: pbx });
    hep.push({ source: pbx, destination: proxy });
    hep.push({ source: proxy, destination: { ...pbx, port: 5_060 } });
    hep.push({ destination: { ...pbxTls, port: 8_089 } });
    expect(hep.behindProxy()).toBe(1);
  });
});

describe('what a mirrored conversation makes', () => {
  const observe = (hep: ReturnType<typeof decode>) => {
    const said: Observation[] = [];
    const observer = createSipObserver(settings, {
      emit: (observation) => said.push(observation),
      count: () => {},
      seenBy: 'hep',
    });
    for (const message of hep.messages) observer.message(message);
    return said;
  };
  const talk = (hep: ReturnType<typeof decode>, protocol: number, port: number) => {
    const ours = { address: pbxTls.address, port };
    const ask = (of: Parameters<typeof request>[0]) =>
      hep.push({ protocol, destination: ours, payload: request(of).bytes.toString() });
    const reply = (of: Parameters<typeof answer>[0]) =>
      hep.push({ protocol, source: ours, destination: caller, payload: answer(of).bytes.toString() });
    ask({});
    reply({ challenge: [challengeOf('n1')] });
    ask({ cseq: 2, authorization: [digest('n1')] });
    reply({ cseq: 2 });
  };

  test('over TLS is a failure that the connection proves, and the nonce before it', () => {
    const hep = decode();
    talk(hep, 6, 5_061);
    expect(observe(hep)).toMatchObject([
      {
        kind: 'authentication-failed',
        sensor: 'hep',
        transport: 'tls',
        source: caller,
        local: pbxTls,
        proof: { level: 'proven', by: 'nonce-echo', seenBy: 'hep' },
      },
    ]);
  });

  test('over UDP is proven by the nonce alone', () => {
    const hep = decode();
    talk(hep, 17, 5_060);
    const invented = decode();
    const ours = { address: pbxTls.address, port: 5_060 };
    const payload = request({ authorization: [digest('never issued')] }).bytes.toString();
    invented.push({ protocol: 17, destination: ours, payload });
    invented.push({ protocol: 17, source: ours, destination: caller, payload: answer().bytes.toString() });
    expect(observe(hep)).toMatchObject([{ transport: 'udp', proof: { level: 'proven', by: 'nonce-echo' } }]);
    expect(observe(invented)).toMatchObject([{ transport: 'udp', proof: { level: 'asserted' } }]);
  });

  test('is asserted as a whole where no password is asked for', () => {
    const hep = decode({ asksPassword: false });
    talk(hep, 6, 5_061);
    expect(observe(hep)).toMatchObject([{ kind: 'authentication-failed', proof: { level: 'asserted' } }]);
  });

  test('names the scanner inside TLS', () => {
    const hep = decode();
    hep.push({ payload: request({ method: 'OPTIONS', userAgent: 'friendly-scanner' }).bytes.toString() });
    expect(observe(hep)).toMatchObject([
      { kind: 'signature-match', transport: 'tls', value: 'friendly-scanner', proof: { by: 'connection' } },
    ]);
  });

  test('never fails, whatever a hostile sender with the password writes', () => {
    const names = readdirSync('fixtures/hep', { recursive: true, encoding: 'utf8' });
    const corpus = names
      .filter((name) => name.endsWith('.hep3'))
      .map((name) => readFileSync(`fixtures/hep/${name}`));
    const open = decode({ asksPassword: false });
    const observer = createSipObserver(settings, { emit: () => {}, count: () => {}, seenBy: 'hep' });
    const damage = fc.array(fc.tuple(fc.nat(800), fc.nat(255)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), damage, (sample, changes) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        open.decoder.datagram(bytes, { sender: '127.0.0.1', time: now });
        for (const message of open.messages.splice(0)) observer.message(message);
      }),
      { numRuns: 3_000 },
    );
  });
});
