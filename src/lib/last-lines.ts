// What is kept of a program's standard error: its last lines, for whoever has to say why it ended.
import type { Readable } from 'node:stream';
import { createLineReader } from './line-reader.ts';

const lines = 5;
/** A longer line is left out. Bytes. */
const lineBytes = 500;

/** Kept up to date while the stream lasts; `onLine` is told each line as it comes. */
export function keepLastLines(
  stream: Readable | null,
  onLine: (line: string) => void = () => {},
): readonly string[] {
  const kept: string[] = [];
  const take = (line: string): void => {
    kept.push(line);
    if (kept.length > lines) kept.shift();
    onLine(line);
  };
  stream?.on('data', createLineReader(lineBytes, take, () => {}).push);
  return kept;
}
