// How the command line talks to the daemon: JSON over HTTP over the control socket.
import { request } from 'node:http';
import { z } from 'zod';
import { SipwardenError } from '../model/error.ts';
import { progressType } from './progress.ts';

const failure = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
const timeoutMs = 30_000;
/** Of an order that tells of its progress: a long list may be on its way into the kernel for so long. Milliseconds. */
const longTimeoutMs = 600_000;

type OnProgress = (progress: unknown) => void;

/**
 * Rejects with DAEMON_NOT_REACHABLE, or with the very code, message and hint that the daemon gave. With `onProgress`, the
 * daemon tells how far it is.
 */
export async function callDaemon(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  order?: object,
  onProgress?: OnProgress,
): Promise<unknown> {
  const { status, text } = await exchange(socketPath, method, path, order, onProgress);
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  if (status >= 400) throw failureOf(answer);
  if (!onProgress) return answer;
  const last = lastLine.parse(answer);
  if (last.failure !== undefined) throw failureOf(last.failure);
  return last.answer;
}

const lastLine = z.object({ answer: z.unknown(), failure: z.unknown().optional() });

function failureOf(answer: unknown): SipwardenError {
  const { code, message, hint } = failure.parse(answer);
  return new SipwardenError(code, message, hint === undefined ? {} : { hint });
}

/** With `onProgress` the text is what tells of no progress. */
function exchange(
  socketPath: string,
  method: string,
  path: string,
  order: object | undefined,
  onProgress: OnProgress | undefined,
) {
  const timeout = onProgress ? longTimeoutMs : timeoutMs;
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const body = method === 'POST' ? JSON.stringify(order ?? {}) : undefined;
    const headers = {
      ...(onProgress && { accept: progressType }),
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    };
    const outgoing = request({ socketPath, method, path, headers, timeout }, (incoming) => {
      const { statusCode: status = 500 } = incoming;
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
        if (onProgress && status < 400) text = tellProgress(text, onProgress);
      });
      incoming.on('end', () => resolve({ status, text }));
      incoming.on('error', reject);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    outgoing.once('error', (cause: NodeJS.ErrnoException) => reject(notReachable(socketPath, cause)));
    outgoing.end(body);
  });
}

/** Takes the lines that tell of progress out of the text. */
function tellProgress(text: string, onProgress: OnProgress): string {
  const lines = text.split('\n');
  const begun = lines.pop() ?? '';
  const others = lines.filter((line) => {
    const { progress } = JSON.parse(line) as { progress?: unknown };
    if (progress !== undefined) onProgress(progress);
    return progress === undefined;
  });
  return [...others, begun].join('\n');
}

function notReachable(socketPath: string, cause: NodeJS.ErrnoException): SipwardenError {
  const isForbidden = cause.code === 'EACCES';
  return new SipwardenError(
    'DAEMON_NOT_REACHABLE',
    `no sipwarden answers on ${socketPath} (${cause.code ?? cause.message})`,
    {
      hint: isForbidden
        ? "run this as root or as a member of the operators' group"
        : 'start it with "sipwarden run", or name its socket with --config',
      cause,
    },
  );
}
