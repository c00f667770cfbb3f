// Cuts a stream of bytes into the records of a capture, pcap or pcapng. It knows nothing of what the packets hold, and
// copies only a record that lies in two chunks: the live source is tcpdump on a FIFO, read into one reused buffer.
import type { CaptureFormat, CaptureSink } from './capture-format.ts';
import { classicPcap } from './pcap-format.ts';
import { createPcapngFormat, isPcapng } from './pcapng-format.ts';

export interface PcapReader {
  /** The next bytes, cut anywhere. The packets handed over are views into them. */
  push(chunk: Buffer): void;
  end(): void;
}

/** Where the bytes are no capture, or no longer one, `onDiscard` hears why and the rest is ignored. */
export function createPcapReader(sink: CaptureSink): PcapReader {
  let format: CaptureFormat = { sizeOf: detect, read: () => undefined };
  let isOver = false;
  let toPassOver = 0;
  /** The beginning of a unit that the last chunk cut. */
  let carry = Buffer.alloc(0);
  let carried = 0;

  function detect(bytes: Buffer, start: number, end: number): number {
    if (end - start < 4) return 4;
    const found = isPcapng(bytes, start) ? createPcapngFormat(sink) : classicPcap(bytes, start, sink);
    if (found) {
      format = found;
      return format.sizeOf(bytes, start, end);
    }
    sink.onDiscard('pcap: neither a pcap nor a pcapng file');
    return 0;
  }

  function push(chunk: Buffer): void {
    let at = carried > 0 ? completeCarried(chunk) : 0;
    while (!isOver && at < chunk.length) {
      if (toPassOver > 0) {
        const passed = Math.min(toPassOver, chunk.length - at);
        toPassOver -= passed;
        at += passed;
        continue;
      }
      const size = format.sizeOf(chunk, at, chunk.length);
      if (size === 0) {
        isOver = true;
      } else if (size < 0) {
        toPassOver = -size;
      } else if (at + size <= chunk.length) {
        format.read(chunk, at, at + size);
        at += size;
      } else {
        at = keep(chunk, at, size);
      }
    }
  }

  /** Takes from the chunk what the carried unit still needs; returns where the rest begins. */
  function completeCarried(chunk: Buffer): number {
    let at = 0;
    while (!isOver && carried > 0) {
      const size = format.sizeOf(carry, 0, carried);
      if (size === 0) {
        isOver = true;
      } else if (size < 0) {
        toPassOver = -size - carried;
        carried = 0;
      } else if (size <= carried) {
        format.read(carry, 0, size);
        carried = 0;
      } else if (at === chunk.length) {
        break;
      } else {
        at = keep(chunk, at, size);
      }
    }
    return at;
  }

  /** Copies towards a unit of `size` bytes; returns where the chunk goes on. */
  function keep(chunk: Buffer, from: number, size: number): number {
    if (carry.length < size) {
      const larger = Buffer.alloc(Math.max(size, 4_096));
      carry.copy(larger, 0, 0, carried);
      carry = larger;
    }
    const to = Math.min(chunk.length, from + size - carried);
    carried += chunk.copy(carry, carried, from, to);
    return to;
  }

  function end(): void {
    if (!isOver && (carried > 0 || toPassOver > 0)) sink.onDiscard('pcap: the file ends inside a record');
    isOver = true;
  }

  return { push, end };
}
