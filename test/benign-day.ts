// A day of an honest PBX, as the packets of its wire: 200 phones in three offices and at home, 4 trunks, 5,000 calls, phones
// that keep themselves alive, wrong numbers, slips of the finger, a restart of the PBX, offices that lose their line and
// come back at once. The same for the same seed.
import type { WireMessage } from '../src/capture/packet.ts';
import type { Peer } from '../src/model/address.ts';
import { answer, challengeOf, digest, request } from './capture/sip-conversation.ts';
import { day, hour, minute, second } from './flow.ts';

export interface HonestDay {
  /** In the order of time. */
  readonly messages: readonly WireMessage[];
  /** When Asterisk was started again. */
  readonly restart: number;
}

interface Phone {
  readonly account: string;
  readonly from: Peer;
  readonly userAgent: string;
}

const phoneCount = 200;
const officeOf = [40, 40, 40] as const;
const callCount = 5_000;
const trunks = ['198.51.100.11', '198.51.100.12', '198.51.100.13', '198.51.100.14'] as const;

export function honestDay(start: number, seed: number): HonestDay {
  const random = createRandom(seed);
  const messages: WireMessage[] = [];
  const [restart, outage] = [start + 3 * hour, start + 13 * hour];
  let serial = 0;
  const next = () => {
    serial += 1;
    return serial;
  };

  /** A request that is challenged, and asked again with the right password. Returns when it was answered. */
  const authenticated = (
    phone: Phone,
    method: string,
    at: number,
    more: { uri?: string; status?: number } = {},
  ) => {
    const { account: user, from, userAgent } = phone;
    const [callId, cseq, nonce] = [`call-${next()}`, 1 + (serial % 900), `${at}/${serial}`];
    const { status = 200, ...where } = more;
    const common = { method, user, from, callId, userAgent, ...where };
    const told = { method, user, to: from, callId };
    messages.push(
      request({ ...common, cseq, time: at }),
      answer({ ...told, cseq, time: at + 2, challenge: [challengeOf(nonce)] }),
      request({ ...common, cseq: cseq + 1, time: at + 30, authorization: [digest(nonce, 'right', user)] }),
      answer({ ...told, cseq: cseq + 1, time: at + 33, status, toTag: `tag-${serial}` }),
    );
    return at + 33;
  };
  const register = (phone: Phone, at: number) => authenticated(phone, 'REGISTER', at);
  const slip = (phone: Phone, at: number) => {
    const [callId, nonce] = [`call-${next()}`, `${at}/${serial}`];
    const common = { user: phone.account, from: phone.from, callId, userAgent: phone.userAgent };
    const told = { user: phone.account, to: phone.from, callId };
    messages.push(
      request({ ...common, cseq: 1, time: at }),
      answer({ ...told, cseq: 1, time: at + 2, challenge: [challengeOf(nonce)] }),
      request({
        ...common,
        cseq: 2,
        time: at + 30,
        authorization: [digest(nonce, `wrong${serial}`, phone.account)],
      }),
      answer({ ...told, cseq: 2, time: at + 33, challenge: [challengeOf(`${nonce}b`)] }),
    );
  };
  /** Without credentials, again and again: Asterisk challenges it, and the phone leaves it at that. */
  const keepAlive = ({ account: user, from, userAgent }: Phone, at: number) => {
    const callId = `alive-${next()}`;
    messages.push(
      request({ method: 'OPTIONS', user, from, callId, userAgent, time: at }),
      answer({ method: 'OPTIONS', user, to: from, callId, time: at + 2, challenge: [challengeOf(`${at}k`)] }),
    );
  };
  const call = (phone: Phone, at: number, number: string) => {
    const isWrong = random() < 0.02;
    authenticated(phone, 'INVITE', at, { uri: `sip:${number}@192.0.2.1`, status: isWrong ? 404 : 200 });
  };
  const trunkCall = (address: string, at: number, number: string) => {
    const [callId, from] = [`trunk-${next()}`, { address, port: 5_060 }];
    const user = `0301${String(Math.floor(random() * 1e7)).padStart(7, '0')}`;
    const common = { method: 'INVITE', callId, cseq: 102, user };
    messages.push(
      request({ ...common, from, uri: `sip:${number}@192.0.2.1`, time: at }),
      ...[100, 180, 200].map((status, index) =>
        answer({ ...common, to: from, status, toTag: `t-${serial}`, time: at + 3 + index * 900 }),
      ),
    );
  };

  const phones = makePhones();
  const isDown = (phone: Phone, at: number) =>
    phone.from.address === officeAddress(0) && at >= outage && at < outage + 10 * minute;
  for (const [index, phone] of phones.entries()) {
    const phase = random() * 5 * minute;
    for (let at = start + phase; at < start + day; at += 5 * minute) {
      if (!isDown(phone, at) && Math.abs(at - restart) > minute) register(phone, at);
    }
    // All at once: after the PBX was started again, and when an office has its line back.
    register(phone, restart + 20 * second + random() * 30 * second);
    if (isDown(phone, outage)) register(phone, outage + 10 * minute + random() * 5 * second);
    if (index % 10 === 0) {
      for (let at = start + phase; at < start + day; at += 30 * second)
        if (!isDown(phone, at)) keepAlive(phone, at);
    }
    if (index % 25 === 0)
      for (let slips = 0; slips < 3; slips += 1) slip(phone, start + 9 * hour + slips * 20 * second);
    // A phone with many lamps asks for the state of fifty others.
    if (index % 40 === 0)
      for (let lamp = 0; lamp < 50; lamp += 1)
        authenticated(phone, 'SUBSCRIBE', restart + minute + lamp * 40);
  }
  for (let index = 0; index < callCount; index += 1) {
    const at = start + 8 * hour + random() * 10 * hour;
    const number = `0${30 + Math.floor(random() * 900)}${1_000_000 + Math.floor(random() * 8_999_999)}`;
    if (index % 2 === 0)
      call(
        phones[Math.floor(random() * phoneCount)]!,
        at,
        index % 6 === 0 ? `+49${number.slice(1)}` : number,
      );
    else trunkCall(trunks[index % trunks.length]!, at, `4930123${100 + (index % 200)}`);
  }
  return { messages: messages.toSorted((one, other) => one.time - other.time), restart };
}

export const trunkAddresses: readonly string[] = trunks;

function makePhones(): readonly Phone[] {
  return Array.from({ length: phoneCount }, (_, index): Phone => {
    const office = officeOf.findIndex((_count, each) => index < 40 * (each + 1));
    const from =
      office >= 0
        ? { address: officeAddress(office), port: 20_000 + index }
        : { address: `198.51.${101 + (index >> 7)}.${1 + (index & 127)}`, port: 5_060 };
    const userAgent = index % 50 === 0 ? 'friendly phone 2.1' : 'Yealink SIP-T46S 66.86.0.15';
    return { account: String(1_000 + index), from, userAgent };
  });
}

function officeAddress(office: number): string {
  return `203.0.113.${10 + office}`;
}

/** mulberry32: from 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
