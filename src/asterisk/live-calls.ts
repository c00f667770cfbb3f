// The answered calls of those who are ours, by the address that their INVITE came from. Events only say which channel to
// ask about: whatever they claim, a call is known only as Asterisk itself answers for it.
import { inParallel } from '../lib/in-parallel.ts';
import type { Address } from '../model/address.ts';
import type { LiveCall } from '../model/inventory.ts';
import type { Time } from '../model/time.ts';
import type { AmiActions } from './ami-actions.ts';
import { endpointOf, readCaller, readChannels, readIsUp } from './call-channels.ts';
import { createRepeatedRead, type ReadTiming } from './repeated-read.ts';

export interface LiveCalls {
  /** Something happened to a channel, or so an event says. */
  heardOf(channel: string): void;
  /** What was heard may not be all: reads every channel. */
  readAll(): void;
  close(): void;
}

/** What the configuration says of endpoints. */
export interface CallTrust {
  /** `unknown` where the endpoints were not read yet, or it is new. */
  of(endpoint: string): 'nobody' | 'somebody' | 'unknown';
  isOurs(endpoint: string, address: Address): boolean;
  /** An endpoint that is not known has a call. */
  onUnknown(): void;
}

export interface LiveCallsTiming {
  readonly read: ReadTiming;
  /** While there are calls, all are read so often: the end of one may go unheard. */
  readonly againMs: number;
  /** Changes so close together are one fact. */
  readonly gatherMs: number;
}

const parallel = 8;
/** Channels that wait to be asked about; where there are more, all are read. */
const waitingLimit = 1_000;

export function createLiveCalls({
  actions,
  trust,
  now,
  timing,
  publish,
}: {
  readonly actions: AmiActions;
  readonly trust: CallTrust;
  now(): Time;
  readonly timing: LiveCallsTiming;
  /** All calls; from the first time on that all were read. */
  publish(calls: readonly LiveCall[]): void;
}): LiveCalls {
  const calls = new Map<string, LiveCall>();
  const waiting = new Set<string>();
  let asking = 0;
  let expected = 0;
  let isComplete = false;
  let isClosed = false;
  let gathering: NodeJS.Timeout | undefined;
  let again: NodeJS.Timeout | undefined;

  const publishSoon = (): void => {
    if (!isComplete || isClosed) return;
    gathering ??= setTimeout(() => {
      gathering = undefined;
      publish([...calls.values()]);
    }, timing.gatherMs);
  };
  const forget = (channel: string): void => {
    if (calls.delete(channel)) publishSoon();
  };
  const readCall = async (channel: string, endpoint: string): Promise<LiveCall | undefined> => {
    if (trust.of(endpoint) === 'nobody') return undefined;
    const isUp = await readIsUp(actions, channel);
    if (trust.of(endpoint) === 'unknown' && isUp !== undefined) trust.onUnknown();
    if (!isUp) return undefined;
    const known = calls.get(channel);
    if (known) return trust.isOurs(endpoint, known.peer.address) ? known : undefined;
    const peer = await readCaller(actions, channel);
    return peer && trust.isOurs(endpoint, peer.address)
      ? { peer, channel, endpoint, since: now() }
      : undefined;
  };
  const check = async (channel: string): Promise<void> => {
    const endpoint = endpointOf(channel);
    const call = endpoint === undefined ? undefined : await readCall(channel, endpoint);
    if (!call) return forget(channel);
    if (calls.get(channel) === call) return;
    calls.set(channel, call);
    publishSoon();
  };
  const all = createRepeatedRead(async () => {
    clearTimeout(again);
    const before = [...calls.keys()];
    const channels = await readChannels(actions, expected);
    expected = channels.length;
    const listed = new Set(channels);
    for (const channel of before) if (!listed.has(channel)) forget(channel);
    await inParallel(channels, parallel, check);
    isComplete = true;
    publishSoon();
    if (calls.size > 0 && !isClosed) again = setTimeout(all.request, timing.againMs);
  }, timing.read);
  const askNext = (): void => {
    for (const channel of waiting) {
      if (asking >= parallel || isClosed) return;
      waiting.delete(channel);
      asking += 1;
      // What could not be asked is found by reading all, which is tried until it succeeds.
      const asked = check(channel).catch(all.request);
      void asked.finally(() => {
        asking -= 1;
        askNext();
      });
    }
  };
  return {
    heardOf(channel) {
      if (waiting.size >= waitingLimit) return all.request();
      waiting.add(channel);
      askNext();
    },
    readAll: all.requestAnew,
    close() {
      isClosed = true;
      all.close();
      clearTimeout(gathering);
      clearTimeout(again);
    },
  };
}
