// The files of a recording, read in pieces and played in the order in which it happened. It does not know what they say.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, SipwardenError } from './model/error.ts';
import type { Time } from './model/time.ts';

export interface RecordingFile {
  readonly file: string;
  readonly kind: 'packets' | 'hep' | 'ami';
  readonly bytes: number;
}

/** One thing that a file holds. */
export interface Recorded {
  readonly time: Time;
  play(): void;
}

/** Cuts the bytes of a file. */
export interface RecordingReader {
  push(chunk: Buffer): void;
  end(): void;
}

/** What a reader has found since it was asked last. */
export type Found = () => readonly Recorded[];

const chunkBytes = 1024 * 1024;
const captureMagics = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'];

/** Rejects with REPLAY_UNREADABLE or REPLAY_FORMAT. */
export async function identify(file: string): Promise<RecordingFile> {
  const handle = await open(file, 'r').catch((error: unknown) => Promise.reject(unreadable(file, error)));
  try {
    const { size: bytes } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    if (captureMagics.includes(buffer.toString('hex', 0, 4))) return { file, bytes, kind: 'packets' };
    if (buffer.toString('latin1', 0, 4) === 'HEP3') return { file, bytes, kind: 'hep' };
    if (/^(Asterisk Call Manager|Event: |Response: )/m.test(buffer.toString('latin1', 0, bytesRead))) {
      return { file, bytes, kind: 'ami' };
    }
    throw new SipwardenError('REPLAY_FORMAT', `${file} is no recording that sipwarden can read`, {
      hint: 'it reads pcap, pcapng, the datagrams of HEP3 one after the other, and the raw bytes of an AMI connection',
    });
  } catch (error) {
    throw error instanceof SipwardenError ? error : unreadable(file, error);
  } finally {
    await handle.close();
  }
}

/** What a file holds, a chunk at a time. Rejects with REPLAY_UNREADABLE. */
export async function* readRecording(
  file: string,
  reader: RecordingReader,
  found: Found,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<readonly Recorded[]> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
      reader.push(chunk as Buffer);
      onRead((chunk as Buffer).length);
      yield found();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  reader.end();
  yield found();
}

/** Of what happened at once, that of the first file comes first. No more than a chunk of each is in memory. */
export async function playInOrder(files: readonly AsyncGenerator<readonly Recorded[]>[]): Promise<void> {
  const queues = await Promise.all(files.map(openQueue));
  for (;;) {
    let next: Queue | undefined;
    for (const queue of queues) {
      if (queue.head && (!next?.head || queue.head.time < next.head.time)) next = queue;
    }
    if (!next?.head) return;
    next.head.play();
    if (!next.shift()) await next.refill();
  }
}

interface Queue {
  head: Recorded | undefined;
  /** Whether there is a head without reading. */
  shift(): boolean;
  refill(): Promise<void>;
}

async function openQueue(file: AsyncGenerator<readonly Recorded[]>): Promise<Queue> {
  let waiting: readonly Recorded[] = [];
  let at = 0;
  const queue: Queue = {
    head: undefined,
    shift() {
      at += 1;
      queue.head = waiting[at];
      return queue.head !== undefined;
    },
    async refill() {
      do {
        const read = await file.next();
        if (read.done) return;
        waiting = read.value;
        at = 0;
        queue.head = waiting[0];
      } while (!queue.head);
    },
  };
  await queue.refill();
  return queue;
}

function unreadable(file: string, cause: unknown): SipwardenError {
  const hint = 'name an existing file that this user may read';
  return new SipwardenError('REPLAY_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, { hint, cause });
}
