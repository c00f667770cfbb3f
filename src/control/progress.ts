// The answer to a long order as lines of JSON: `{"progress":...}` while it goes on, and `{"answer":...}` or
// `{"failure":...}` at last.
import { Readable } from 'node:stream';

export const progressType = 'application/x-ndjson';

/** `failureOf` puts what was thrown into the words of the API. */
export function withProgress<Progress>(
  task: (onProgress: (progress: Progress) => void) => Promise<unknown>,
  failureOf: (error: unknown) => object,
): Readable {
  const lines = new Readable({ read() {} });
  const say = (line: object) => lines.push(`${JSON.stringify(line)}\n`);
  task((progress) => say({ progress }))
    .then(
      (answer) => say({ answer }),
      (error) => say({ failure: failureOf(error) }),
    )
    .finally(() => lines.push(null));
  return lines;
}
