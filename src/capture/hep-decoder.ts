// From HEP datagrams to SIP messages: who may send, which end was ours, over what. It never reads what a message says;
// only a sender that shows the password can say that we sent something, and so prove anything.
import { hash, timingSafeEqual } from 'node:crypto';
import { type Address, contains, isReserved, type Peer } from '../model/address.ts';
import type { Transport } from '../model/observation.ts';
import type { PortRange } from '../model/options.ts';
import type { Time } from '../model/time.ts';
import { createAddressTexts } from './address-text.ts';
import { type HepMessage, readHep } from './hep.ts';
import type { Direction, Discard, WireMessage } from './packet.ts';
import { createPortFilter } from './port-filter.ts';
import type { CaptureSettings, HepListener } from './protocol.ts';

export interface HepDecoderOptions {
  /** Whether an address is this machine's. */
  isOwn(address: Address): boolean;
  onMessage(message: WireMessage): void;
  /** A message came over WebSocket from this machine itself: the callers' own addresses are not seen. */
  onBehindProxy(): void;
  readonly discard: Discard;
}

/** Who sent a datagram, and when it came by our clock. */
export interface Arrival {
  readonly sender: Address;
  readonly time: Time;
}

export interface HepDecoder {
  /** A datagram of a recording, which tells of no arrival, is believed. */
  datagram(bytes: Buffer, arrival?: Arrival): void;
  configure(settings: CaptureSettings): void;
}

const udp = 17;
const tcp = 6;
/** The clocks of two machines, and the time that a datagram waits to be read. Milliseconds. */
const clocksDifferMs = 10_000;

export function createHepDecoder(
  settings: CaptureSettings,
  listener: HepListener,
  { isOwn, onMessage, onBehindProxy, discard }: HepDecoderOptions,
): HepDecoder {
  const { allow, local, passwordHash } = listener;
  const texts = createAddressTexts();
  const password = passwordHash === undefined ? undefined : Buffer.from(passwordHash, 'hex');
  const ports = createPortFilter(settings);
  const byPort = Object.entries(listener.ports) as [
    Exclude<Transport, 'udp' | 'tcp'>,
    readonly PortRange[],
  ][];
  /** What is spoken over connections to that port of ours. */
  const spokenAt = ({ port }: Peer): Transport | undefined =>
    byPort.find(([, ranges]) => ranges.some(([first, last]) => port >= first && port <= last))?.[0];
  const isForSip = (protocol: number, end: Peer): boolean =>
    protocol === udp
      ? ports.includes('udp', end.port)
      : ports.includes('tcp', end.port) || spokenAt(end) !== undefined;

  /** By the addresses that are ours; where they do not tell, by the ports on which we listen. */
  const directionOf = ({ protocol, source, destination }: HepMessage, sender?: Address): Direction => {
    const isOurs = ({ address }: Peer): boolean =>
      isOwn(address) || address === sender || local.some((network) => contains(network, address));
    const [isFromUs, isToUs] = [isOurs(source), isOurs(destination)];
    if (isFromUs !== isToUs) return isFromUs ? 'out' : 'in';
    const [isFromPort, isToPort] = [isForSip(protocol, source), isForSip(protocol, destination)];
    if (isFromPort !== isToPort) return isFromPort ? 'out' : 'in';
    return 'unknown';
  };

  const isAllowed = (sender: Address): boolean =>
    allow.length === 0 || allow.some((network) => contains(network, sender));
  const isPassword = (key: Buffer): boolean =>
    !password || timingSafeEqual(password, hash('sha256', key, 'buffer'));

  function read(bytes: Buffer, arrival?: Arrival): string | undefined {
    if (arrival && !isAllowed(arrival.sender)) return 'hep: a sender that is not allowed';
    const message = readHep(bytes, texts);
    if (typeof message === 'string') return message;
    if (arrival && !isPassword(message.key)) return 'hep: a wrong password';
    const { protocol, source, destination, payload } = message;
    if (protocol !== udp && protocol !== tcp) return 'hep: neither UDP nor TCP';
    const isBelieved = password !== undefined || !arrival;
    const told = directionOf(message, arrival?.sender);
    const overConnection = () => spokenAt(told === 'out' ? source : destination) ?? 'tcp';
    const transport = protocol === udp ? 'udp' : overConnection();
    const isOurClock = !arrival || Math.abs(message.time - arrival.time) <= clocksDifferMs;
    if (!isOurClock) discard('hep: another clock, the arrival counts');
    const isWebSocket = transport === 'ws' || transport === 'wss';
    if (isWebSocket && told === 'in' && (isReserved(source.address) || isOwn(source.address)))
      onBehindProxy();
    onMessage({
      time: isOurClock ? message.time : arrival.time,
      direction: isBelieved ? told : 'unknown',
      transport,
      source,
      destination,
      bytes: payload,
      isConnectionProven: isBelieved && transport !== 'udp',
    });
    return undefined;
  }

  return {
    datagram(bytes, arrival) {
      const problem = read(bytes, arrival);
      if (problem) discard(problem);
    },
    configure: ports.configure,
  };
}
