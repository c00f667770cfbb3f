// The store's thread: the only one that waits for the disk. Each batch of writes is one transaction.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../model/error.ts';
import { failureOf, isRefusal, type OpenedDatabase, openDatabase } from './database.ts';
import type { RefusedWrites, Reply, Request, Statement } from './protocol.ts';

const { path, time } = workerData as { readonly path: string; readonly time: number };
const opened = tryOpen();
if (opened) serve(opened);

function serve({ database, prepared }: OpenedDatabase): void {
  const read = ({ name, parameters }: Statement) => prepared[name].all(parameters);

  const write = (writes: readonly Statement[]): RefusedWrites => {
    const refused = new Map<number, string>();
    database.exec('BEGIN IMMEDIATE');
    for (const [index, { name, parameters }] of writes.entries()) {
      try {
        prepared[name].run(parameters);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.set(index, messageOf(error));
      }
    }
    database.exec('COMMIT');
    return refused;
  };

  const answer = (request: Exclude<Request, { kind: 'close' }>): void => {
    const { id } = request;
    try {
      if (request.kind === 'write') reply({ kind: 'written', id, refused: write(request.writes) });
      else reply({ kind: 'rows', id, rows: read(request.statement) });
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const failure = failureOf(error);
      reply({ kind: 'failed', id, failure });
      // Whatever else it is, opening the file afresh may cure it; opening also deals with damage.
      if (failure.code !== 'STORE_FULL' && failure.code !== 'STORE_LOCKED') close();
    }
  };

  const close = () => {
    parentPort?.close();
    database.close();
  };

  parentPort?.on('message', (request: Request) => (request.kind === 'close' ? close() : answer(request)));
}

function tryOpen(): OpenedDatabase | undefined {
  try {
    const result = openDatabase(path, time);
    reply({ kind: 'open', movedAside: result.movedAside });
    return result;
  } catch (error) {
    reply({ kind: 'cannot-open', failure: failureOf(error) });
    parentPort?.close();
    return undefined;
  }
}

function reply(message: Reply): void {
  parentPort?.postMessage(message);
}
