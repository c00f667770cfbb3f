// Reads a descriptor to its end into one reused buffer. The first bytes are handed on at once; where they keep coming
// in small pieces they are let gather for a few milliseconds, because each waking up costs more than many packets.
import { Socket } from 'node:net';

const bufferBytes = 1024 * 1024;
/** Pieces that come closer together than this are many. Milliseconds. */
const closeMs = 2;
/** So many in a row, and they are let gather: more than one source sends before the firewall's log limit stops it. */
const streakLimit = 200;
/** Detection is late by as much, in a flood and only there. Milliseconds. */
const gatherMs = 4;
/** Less than this came in a whole gathering: it is not worth it any more. Bytes. */
const fewBytes = 2_048;
/** More than this came at once: the pipe (64 KiB) may be full, so the next read follows at once. Bytes. */
const manyBytes = 32_768;

export interface ByteSourceListener {
  /** A view into the buffer, valid during the call. */
  onBytes(bytes: Buffer): void;
  onEnd(): void;
}

export function readBytes(descriptor: number, { onBytes, onEnd }: ByteSourceListener): void {
  let lastTime = 0;
  let streak = 0;

  /** Whether to let bytes gather before the next read. */
  const isWorthWaiting = (length: number): boolean => {
    const time = performance.now();
    const isGathered = streak > streakLimit;
    if (isGathered ? length < fewBytes : time - lastTime > closeMs) streak = 0;
    else streak = Math.min(streak + 1, streakLimit + 1);
    lastTime = time;
    return streak > streakLimit && length < manyBytes;
  };

  const socket = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.allocUnsafeSlow(bufferBytes),
      callback(length, buffer) {
        onBytes((buffer as Buffer).subarray(0, length));
        if (!isWorthWaiting(length)) return true;
        setTimeout(() => socket.resume(), gatherMs);
        return false;
      },
    },
  });
  socket.on('error', () => {});
  socket.on('close', onEnd);
}
