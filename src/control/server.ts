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
  options: Pick<ControlOptions, 'socket' | 'group'>,
  operations: Operations,
): Promise<{ close(): Promise<void> }> {
  return listen(createServer([addReadingRoutes, addOrderRoutes], operations), options);
}

/**
 * For the command line of Asterisk: it may look, ban strangers and unban, and nothing else. Rejects with CONTROL_IN_USE.
 */
export async function startAsteriskControl(
  options: Pick<ControlOptions, 'socket' | 'group'>,
  operations: Operations,
): Promise<{ close(): Promise<void> }> {
  return listen(createServer([addReadingRoutes, addPlainOrderRoutes], operations), options);
}

async function listen(server: FastifyInstance, { socket, group }: Pick<ControlOptions, 'socket' | 'group'>) {
  await checkSocketIsFree({ socket });
  await mkdir(dirname(socket), { recursive: true, mode: 0o755 });
  await rm(socket, { force: true });
  await server.listen({ path: socket });
  await chown(socket, -1, group).catch(() => undefined);
  await chmod(socket, 0o660);
  return { close: () => server.close() };
}

type Routes = (server: FastifyInstance, operations: Operations) => void;

function createServer(routes: readonly Routes[], operations: Operations): FastifyInstance {
  const server = Fastify({ bodyLimit, logger: false, forceCloseConnections: true });
  server.setErrorHandler((error, _request, reply) => {
    const { status, ...answer } = failureOf(error);
    return reply.status(status).send(answer);
  });
  for (const add of routes) add(server, operations);
  return server;
}

const addReadingRoutes: Routes = (server, operations) => {
  server.get('/v1/status', () => operations.status());
  server.get('/v1/bans', () => operations.bans());
  server.get('/v1/attacks', ({ query }) => operations.attacks(orders.attacks.parse(query)));
  server.get('/v1/explain', ({ query }) => operations.explain(orders.explain.parse(query)));
};

const addPlainOrderRoutes: Routes = (server, operations) => {
  const by = "Asterisk's command line";
  server.post('/v1/bans', ({ body }) => operations.ban({ ...orders.plainBan.parse(body), by, force: false }));
  server.post('/v1/unban', ({ body }) => operations.unban({ ...orders.plainUnban.parse(body), by }));
};

const addOrderRoutes: Routes = (server, operations) => {
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
  server.post('/v1/reload', ({ body }) => operations.reload(orders.reload.parse(body)));
  server.get('/v1/lists/:name', ({ params }) => operations.list(nameOf(params)));
  server.post('/v1/lists/:name/add', ({ params, body }) =>
    operations.listAdd(nameOf(params), orders.listAdd.parse(body)),
  );
  server.post('/v1/lists/:name/remove', ({ params, body }) =>
    operations.listRemove(nameOf(params), orders.listRemove.parse(body)),
  );
};

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
