// Reads TFTP packets (RFC 1350 §5, RFC 2347): a request to read, and the first answer to one. It never throws, and
// looks at no more than a packet's first bytes.
import { textOf } from './foreign-text.ts';

/** A path is no longer than that in any honest request. Bytes. */
const longestName = 512;
const opcodes = { read: 1, data: 3, error: 5, options: 6 } as const;
const fileNotFound = 1;

/** The name of the file that is asked for, clean and cut to `foreignTextLimit`; undefined where it is no request to read. */
export function readFileRequest(bytes: Buffer): string | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== opcodes.read) return undefined;
  const end = bytes.subarray(0, 2 + longestName + 1).indexOf(0, 2);
  return end <= 2 ? undefined : textOf(bytes, 2, end);
}

/** Undefined where it answers no request: a later block, another error. */
export function readFileAnswer(bytes: Buffer): 'missing' | 'served' | undefined {
  if (bytes.length < 4) return undefined;
  const [opcode, number] = [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  if (opcode === opcodes.error) return number === fileNotFound ? 'missing' : undefined;
  if (opcode === opcodes.data) return number === 1 ? 'served' : undefined;
  return opcode === opcodes.options ? 'served' : undefined;
}
