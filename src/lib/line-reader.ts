// Cuts a byte stream into lines of text, and never holds more than one line's limit.

/**
 * Calls `onLine` for every whole line of at most `limit` bytes, without its line feed. A longer one is read over
 * and told once, as soon as it is too long.
 */
export function createLineReader(
  limit: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): { push(chunk: Buffer): void } {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    const wasTooLong = length > limit;
    length += part.length;
    if (length <= limit) parts.push(part);
    else if (!wasTooLong) {
      parts = [];
      onTooLong();
    }
  };
  const end = (): void => {
    const line = length > limit ? undefined : Buffer.concat(parts).toString();
    parts = [];
    length = 0;
    if (line !== undefined) onLine(line);
  };
  return {
    push(chunk) {
      let start = 0;
      for (let feed = chunk.indexOf(10); feed >= 0; feed = chunk.indexOf(10, start)) {
        if (length === 0 && feed - start <= limit) onLine(chunk.toString('utf8', start, feed));
        else {
          add(chunk.subarray(start, feed));
          end();
        }
        start = feed + 1;
      }
      if (start < chunk.length) add(chunk.subarray(start));
    },
  };
}
