// Keeps the store's worker thread alive and carries orders to it. Knows nothing of what is stored.
import { Worker } from 'node:worker_threads';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import type { Failure, Order, Reply, Request } from './protocol.ts';

/** Pause before a new worker, doubled up to the longest. Milliseconds. */
const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A worker that cannot finish within this (a disk that hangs) is left behind. Milliseconds. */
const closeWithinMs = 5_000;

export interface WorkerLinkParts {
  readonly path: string;
  readonly worker: URL;
  readonly now: () => Time;
  readonly onOpen: (movedAside: string | undefined) => void;
  readonly onDown: (error: SipwardenError) => void;
}

export interface WorkerLink {
  /** Resolves when the first worker has opened the database, or could not. */
  readonly started: Promise<void>;
  /** Rejects with a STORE_* code; after STORE_WORKER_DIED nobody knows whether the order was carried out. */
  send(order: Order): Promise<Reply>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: SipwardenError): void;
}

export function createWorkerLink({ path, worker: url, now, onOpen, onDown }: WorkerLinkParts): WorkerLink {
  const waiting = new Map<number, Waiting>();
  const started = Promise.withResolvers<void>();
  let worker: Worker | undefined;
  let lastFailure = new SipwardenError('STORE_CLOSED', 'the store is closed');
  let pauseMs = firstPauseMs;
  let nextId = 1;
  let respawning: NodeJS.Timeout | undefined;
  let isClosing = false;

  const spawn = () => {
    let failure: SipwardenError | undefined;
    const spawned = new Worker(url, { workerData: { path, time: now() } });
    worker = spawned;
    spawned.on('message', (reply: Reply) => {
      if (reply.kind === 'cannot-open') failure = errorOf(reply.failure);
      else receive(reply);
    });
    spawned.on('error', (error) => {
      failure = new SipwardenError('STORE_WORKER_DIED', `the store's thread failed: ${messageOf(error)}`);
    });
    spawned.on('exit', () => {
      worker = undefined;
      endAll(failure ?? new SipwardenError('STORE_WORKER_DIED', "the store's thread ended unexpectedly"));
    });
  };

  const receive = (reply: Exclude<Reply, { kind: 'cannot-open' }>) => {
    if (reply.kind === 'open') {
      pauseMs = firstPauseMs;
      onOpen(reply.movedAside);
      return started.resolve();
    }
    const one = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === 'failed') one?.reject(errorOf(reply.failure));
    else one?.resolve(reply);
  };

  const endAll = (failure: SipwardenError) => {
    if (!isClosing) {
      lastFailure = failure;
      onDown(failure);
      respawning = setTimeout(spawn, pauseMs);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
    for (const one of waiting.values()) one.reject(failure);
    waiting.clear();
    started.resolve();
  };

  spawn();
  return {
    started: started.promise,
    send: (order) =>
      new Promise((resolve, reject) => {
        if (!worker) return reject(lastFailure);
        const id = nextId;
        nextId += 1;
        waiting.set(id, { resolve, reject });
        post(worker, { ...order, id });
      }),
    async close() {
      isClosing = true;
      lastFailure = new SipwardenError('STORE_CLOSED', 'the store is closed');
      clearTimeout(respawning);
      const last = worker;
      if (!last) return;
      const ended = new Promise((resolve) => last.once('exit', resolve));
      post(last, { kind: 'close' });
      const timer = setTimeout(() => void last.terminate(), closeWithinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function post(worker: Worker, request: Request): void {
  worker.postMessage(request);
}

function errorOf({ code, message, hint }: Failure): SipwardenError {
  return new SipwardenError(code, message, { hint });
}
