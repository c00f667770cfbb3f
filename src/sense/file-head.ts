// The beginning of a small system file, without ever waiting: a FIFO, a device or an endless table holds nobody up.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The machine does not have such a file, or not for us. Anything else (no descriptor left) is our own trouble. */
const absence = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENXIO', 'ELOOP']);

/** Up to `limit` bytes. Undefined where there is no such regular file, or we may not read it; throws otherwise. */
export function readFileHead(path: string, limit: number): Buffer | undefined {
  return whereThere(() => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(descriptor).isFile() ? readUpTo(descriptor, limit) : undefined;
    } finally {
      closeSync(descriptor);
    }
  });
}

/** What `read` answers; undefined where what it reads is not there. */
export function whereThere<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    if (absence.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Files of /proc have no size, and give a page at a time. */
function readUpTo(descriptor: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  for (let left = limit; left > 0; ) {
    const chunk = Buffer.alloc(Math.min(left, 65_536));
    const length = readSync(descriptor, chunk);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    left -= length;
  }
  return Buffer.concat(chunks);
}
