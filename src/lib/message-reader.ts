// JSON lines between our programs, each checked by its schema. A message is never trusted for its form.
import type { z } from 'zod';
import { createLineReader } from './line-reader.ts';

/**
 * Reads messages out of a byte stream. A line that is too long or that `schema` does not pass is refused and read
 * over; nothing is kept of it, nothing is thrown.
 */
export function createMessageReader<Message>(
  schema: z.ZodType<Message>,
  limit: number,
  { onMessage, onRefused }: { onMessage(message: Message): void; onRefused(reason: string): void },
): { push(chunk: Buffer): void } {
  const readLine = (line: string): void => {
    const parsed = parseJson(line);
    const checked = schema.safeParse(parsed);
    if (checked.success) onMessage(checked.data);
    else onRefused(parsed === undefined ? 'not JSON' : explain(checked.error));
  };
  return createLineReader(limit, readLine, () => onRefused('too long'));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Where a message is wrong, never its text: a stranger may have written it. */
function explain(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${String(issue?.path[0] ?? 'message')}: ${issue?.code ?? 'invalid'}`;
}
