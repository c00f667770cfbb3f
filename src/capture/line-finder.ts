// Finds where the lines of a SIP header block begin and end. Every message passes here, so it looks at four bytes at a
// time, makes no text, and works in memory of its own (one message at a time, as everything in the sidecar).

/** Bytes of a message that are looked at. */
const blockLimit = 16 * 1024;
const cr = 13;
const lf = 10;

const block = new Uint8Array(blockLimit + 4);
const words = new Int32Array(block.buffer);

/** Begin and end of every line of the message that was looked at last; folded lines are one. */
export const lines = new Int32Array(blockLimit + 2);
/** The first byte of each of these lines, a letter as its small one. */
export const initials = new Uint8Array(blockLimit / 2 + 1);

/**
 * Fills `lines`, and returns how many there are up to the empty line or the end of what is looked at; leading blanks are
 * passed over. Lines end in CR LF, LF or CR alone, as pjsip reads them.
 */
export function findLines(bytes: Buffer): number {
  const length = copy(bytes);
  let count = 0;
  let start = skipBlanks(block, 0, length);
  for (let at = nextControl(start); at < length; at = nextControl(at)) {
    const code = block[at]!;
    if (code !== cr && code !== lf) {
      at += 1;
      continue;
    }
    if (at === start) return count;
    const next = code === cr && block[at + 1] === lf ? at + 2 : at + 1;
    if (!isFold(block[next]!)) {
      addLine(count, start, at);
      count += 1;
      start = next;
    }
    at = next;
  }
  if (start >= length) return count;
  addLine(count, start, length);
  return count + 1;
}

function addLine(index: number, start: number, end: number): void {
  lines[2 * index] = start;
  lines[2 * index + 1] = end;
  initials[index] = block[start]! | 32;
}

/** Behind the copy there are zeros, at which every search ends. */
function copy(bytes: Buffer): number {
  const length = Math.min(bytes.length, blockLimit);
  block.set(length < bytes.length ? bytes.subarray(0, length) : bytes);
  for (let at = length; at < length + 4; at += 1) block[at] = 0;
  return length;
}

/** The next byte below 14, as line ends are and little else. */
function nextControl(from: number): number {
  let at = from;
  while ((at & 3) !== 0 && block[at]! >= 14) at += 1;
  if ((at & 3) !== 0) return at;
  while (!hasControl(words[at >> 2]!)) at += 4;
  while (block[at]! >= 14) at += 1;
  return at;
}

/** Whether one of four bytes is below 14 (Bit Twiddling Hacks, "determine if a word has a byte less than n"). */
function hasControl(word: number): boolean {
  return ((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0;
}

export function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at]! <= 32) at += 1;
  return at;
}

function isFold(code: number): boolean {
  return code === 32 || code === 9;
}
