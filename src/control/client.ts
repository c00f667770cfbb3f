// How the command line talks to the daemon: JSON over HTTP over the control socket.
import { request } from 'node:http';
import { z } from 'zod';
import { SipwardenError } from '../model/error.ts';

const failure = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
const timeoutMs = 30_000;

/** Rejects with DAEMON_NOT_REACHABLE, or with the very code, message and hint that the daemon gave. */
export async function callDaemon(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  order?: object,
): Promise<unknown> {
  const { status, text } = await exchange(socketPath, method, path, order);
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  if (status < 400) return answer;
  const { code, message, hint } = failure.parse(answer);
  throw new SipwardenError(code, message, hint === undefined ? {} : { hint });
}

function exchange(socketPath: string, method: string, path: string, order?: object) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const body = method === 'POST' ? JSON.stringify(order ?? {}) : undefined;
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ socketPath, method, path, headers, timeout: timeoutMs }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 500, text: Buffer.concat(chunks).toString() }),
      );
      incoming.on('error', reject);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    outgoing.once('error', (cause: NodeJS.ErrnoException) => reject(notReachable(socketPath, cause)));
    outgoing.end(body);
  });
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
