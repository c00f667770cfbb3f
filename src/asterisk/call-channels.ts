// What Asterisk itself says of one channel, asked on the actions login: the lists of channels that it also has hold what
// callers wrote, line breaks included, so they are not read.
import { type Peer, parseAddress } from '../model/address.ts';
import { SipwardenError } from '../model/error.ts';
import type { AmiActions } from './ami-actions.ts';

const channelName = /^PJSIP\/([\w.+@-]{1,80})-[0-9a-f]{8}$/;
/** Asterisk's own limit is 1,024 bytes of names; a longer list is cut, with a warning in its log for each name. */
const namesLimit = 900;
const suffixLimit = 4;
const namesOfAnswer = 8;
/** With the phones that ring for it. */
const channelsOfCall = 8;

/** The endpoint in a channel's name; undefined where that is none of pjsip's, or none that may travel. */
export function endpointOf(channel: string): string | undefined {
  return channelName.exec(channel)?.[1];
}

/** The names of all pjsip channels whose name may travel. `expected`: how many there were. */
export async function readChannels(actions: AmiActions, expected = 0): Promise<readonly string[]> {
  const { corecurrentcalls = '' } = await actions.action('CoreStatus');
  const likely = Math.max(expected, (Number(corecurrentcalls) || 0) * channelsOfCall);
  // By the last digits of their names, so that no answer is cut.
  const digits = [0, 1, 2].find((each) => likely <= namesOfAnswer * 16 ** each) ?? 3;
  const found: string[] = [];
  for (let index = 0; index < 16 ** digits; index += 1) {
    const suffix = digits === 0 ? '' : index.toString(16).padStart(digits, '0');
    found.push(...(await readNames(actions, suffix)));
  }
  return [...new Set(found)].filter((name) => endpointOf(name) !== undefined);
}

async function readNames(actions: AmiActions, suffix: string): Promise<readonly string[]> {
  const names = (await readVariable(actions, `CHANNELS(^PJSIP/.*-[0-9a-f]*${suffix}$)`)) ?? '';
  if (names.length < namesLimit || suffix.length >= suffixLimit) return names.split(' ');
  const found: string[] = [];
  for (const digit of '0123456789abcdef') found.push(...(await readNames(actions, `${digit}${suffix}`)));
  return found;
}

/** Undefined where there is no such channel; otherwise whether it is answered. */
export async function readIsUp(actions: AmiActions, channel: string): Promise<boolean | undefined> {
  const state = await readVariable(actions, 'CHANNEL(state)', channel);
  return state === undefined ? undefined : state === 'Up';
}

/**
 * Where the INVITE of a call came from. Undefined for one that we made: its address is what the callee's contact says
 * (and before Asterisk 22.11 there is none, but a warning in the log for each question).
 */
export async function readCaller(actions: AmiActions, channel: string): Promise<Peer | undefined> {
  // Only a call that came in has one (res_pjsip_session.c).
  if (!(await readVariable(actions, 'CHANNEL(pjsip,request_uri)', channel))) return undefined;
  return parsePeer((await readVariable(actions, 'CHANNEL(pjsip,remote_addr)', channel)) ?? '');
}

/** `192.0.2.1:5060`, `[2001:db8::1]:5060`. */
export function parsePeer(text: string): Peer | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text);
  const address = parseAddress(match?.[1] ?? match?.[2] ?? '');
  const port = Number(match?.[3]);
  return address !== undefined && port <= 65_535 ? { address, port } : undefined;
}

async function readVariable(
  actions: AmiActions,
  variable: string,
  channel?: string,
): Promise<string | undefined> {
  const headers = { Variable: variable, ...(channel !== undefined && { Channel: channel }) };
  const { response, message = '', value = '' } = await actions.action('Getvar', headers);
  if (response === 'Success') return value;
  if (channel !== undefined && /no such channel/i.test(message)) return undefined;
  throw new SipwardenError('AMI_ACTION_REFUSED', `Asterisk refused Getvar: ${message.slice(0, 200)}`);
}
