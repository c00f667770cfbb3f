// Turns TFTP into observations: who asks for which file, and whether he gets it. Our answers leave from a port of their
// own, so they are told by whom they go to: an address and port that asked. Nothing here proves an address.
import { LRUCache } from 'lru-cache';
import type { Peer } from '../model/address.ts';
import { asserted, type Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAssertedLimit } from './asserted-limit.ts';
import { ownText } from './foreign-text.ts';
import type { WireMessage } from './packet.ts';
import { readFileAnswer, readFileRequest } from './tftp.ts';

/** Requests that are remembered until they are answered, of all sources together. */
const openRequests = 8_192;
/** No server takes longer for its first answer. As long as the kernel's rules look for it. Milliseconds. */
const answeredWithinMs = 10_000;

interface OpenRequest {
  readonly file: string;
  readonly local: Peer;
  readonly time: Time;
}

export interface TftpObserver {
  message(message: WireMessage): void;
}

export function createTftpObserver({
  emit,
  count,
}: {
  emit(observation: Observation): void;
  count(reason: string): void;
}): TftpObserver {
  const limit = createAssertedLimit(emit, () => count('shed: asserted observations'));
  const open = new LRUCache<string, OpenRequest>({ max: openRequests });

  function request({ time, source, destination: local, bytes }: WireMessage): boolean {
    const name = readFileRequest(bytes);
    if (name === undefined) return false;
    const file = ownText(name);
    open.set(keyOf(source), { file, local, time });
    limit.emit({ ...seenBy(time, source, local), kind: 'file-requested', file });
    return true;
  }

  function answer({ time, destination: source, bytes }: WireMessage): boolean {
    const given = readFileAnswer(bytes);
    const asked = given && open.get(keyOf(source));
    if (!asked || time - asked.time > answeredWithinMs) return false;
    open.delete(keyOf(source));
    limit.emit({
      ...seenBy(time, source, asked.local),
      kind: 'file-answered',
      file: asked.file,
      answer: given,
    });
    return true;
  }

  return {
    message(message) {
      limit.advance(message.time);
      const isRead =
        (message.direction !== 'out' && request(message)) || (message.direction !== 'in' && answer(message));
      if (!isRead) count('tftp: neither a request nor its answer');
    },
  };
}

function seenBy(time: Time, source: Peer, local: Peer) {
  const common = { sensor: 'packets', transport: 'udp', proof: asserted, messages: 1 } as const;
  return { time, source, local, ...common };
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`;
}
