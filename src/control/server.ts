// The HTTP API over a Unix socket: the one way in for the command line, and later for the dashboard over TCP.
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { messageOf, SipwardenError } from '../model/error.ts';
import { listNames } from '../model/list-entry.ts';
import type { ControlOptions } from './control-options.ts';
import { type Operations, orders } from './operations.ts';
import { checkSocketIsFree } from './socket-in-use.ts';

const bodyLimit = 64 * 1024;
const listName = z.enum(listNames);

/** Listens; rejects with CONTROL_IN_USE. */
export async function startControl(
  options: ControlOptions,
  operations: Operations,
): Promise<{ close(): Promise<void> }> {
  await checkSocketIsFree(options);
  const server = createServer(operations);
  await mkdir(dirname(options.socket), { recursive: true, mode: 0o755 });
  await rm(options.socket, { force: true });
  await server.listen({ path: options.socket });
  await chown(options.socket, -1, options.group).catch(() => undefined);
  await chmod(options.socket, 0o660);
  return { close: () => server.close() };
}

function createServer(operations: Operations): FastifyInstance {
  const server = Fastify({ bodyLimit, logger: false, forceCloseConnections: true });
  server.setErrorHandler((error, _request, reply) => {
    const { status, ...answer } = failureOf(error);
    return reply.status(status).send(answer);
  });
  server.get('/v1/status', () => operations.status());
  server.get('/v1/bans', () => operations.bans());
  server.post('/v1/bans', ({ body }) => operations.ban(orders.ban.parse(body)));
  server.post('/v1/unban', ({ body }) => operations.unban(orders.unban.parse(body)));
  server.get('/v1/held', () => operations.held());
  server.post('/v1/held/approve', ({ body }) => operations.approve(orders.approve.parse(body)));
  server.post('/v1/held/dismiss', ({ body }) => operations.dismiss(orders.dismiss.parse(body)));
  server.get('/v1/unconfirmed', () => operations.unconfirmed());
  server.post('/v1/confirm', ({ body }) => operations.confirm(orders.confirm.parse(body)));
  server.get('/v1/shield', () => operations.shield());
  server.get('/v1/detectors', () => operations.detectors());
  server.get('/v1/limits', () => operations.limits());
  server.post('/v1/limits', ({ body }) => operations.limitSet(orders.limitSet.parse(body)));
  server.post('/v1/limits/clear', ({ body }) => operations.limitClear(orders.limitClear.parse(body)));
  server.get('/v1/attacks', ({ query }) => operations.attacks(orders.attacks.parse(query)));
  server.get('/v1/explain', ({ query }) => operations.explain(orders.explain.parse(query)));
  server.post('/v1/reload', ({ body }) => operations.reload(orders.reload.parse(body)));
  server.get('/v1/lists/:name', ({ params }) => operations.list(nameOf(params)));
  server.post('/v1/lists/:name/add', ({ params, body }) =>
    operations.listAdd(nameOf(params), orders.listAdd.parse(body)),
  );
  server.post('/v1/lists/:name/remove', ({ params, body }) =>
    operations.listRemove(nameOf(params), orders.listRemove.parse(body)),
  );
  return server;
}

function nameOf(params: unknown) {
  return z.object({ name: listName }).parse(params).name;
}

/** How a failure reads on the wire; `status` tells a wrong order (400) from one that could not be carried out. */
function failureOf(error: unknown) {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return {
      status: 400,
      code: 'ORDER_INVALID',
      message: `${issue?.path.join('.') || 'order'}: ${issue?.message}`,
    };
  }
  if (error instanceof SipwardenError) {
    return { status: 409, code: error.code, message: error.message, ...(error.hint && { hint: error.hint }) };
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return { status, code: status < 500 ? 'ORDER_INVALID' : 'CONTROL_FAILED', message: messageOf(error) };
}
