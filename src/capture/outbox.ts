// The sidecar's way out: messages to the daemon, never waiting for it. When the daemon does not read, messages are
// shed, and observations among them are counted.
import { Socket } from 'node:net';
import type { Observation } from '../model/observation.ts';
import { observationsPerMessage, type SidecarMessage, writeMessage } from './protocol.ts';

/** Bytes that wait for a daemon that does not read; about 20,000 observations. */
const waitingLimit = 8 * 1024 * 1024;

export interface Outbox {
  /** False where too much waits already, or after the end: the message is not sent. */
  send(message: SidecarMessage): boolean;
  /** As many messages as it takes; tells how many observations were shed. */
  sendObservations(list: readonly Observation[]): number;
  /** Sends one more message whatever waits, and calls back when everything is written. */
  end(last: SidecarMessage, onEnd: () => void): void;
}

/** Writes to an open descriptor; `onGone` when nobody is there to read it any more. */
export function createOutbox(descriptor: number, onGone: () => void): Outbox {
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  socket.on('error', onGone);
  const isClosed = (): boolean => socket.writableEnded || socket.writableLength > waitingLimit;
  const send = (message: SidecarMessage): boolean => {
    if (isClosed()) return false;
    socket.write(writeMessage(message));
    return true;
  };
  return {
    send,
    sendObservations(list) {
      let sent = 0;
      while (sent < list.length) {
        const part = list.slice(sent, sent + observationsPerMessage);
        if (!send({ kind: 'observations', list: part })) break;
        sent += part.length;
      }
      return list.length - sent;
    },
    end: (last, onEnd) => void socket.end(writeMessage(last), onEnd),
  };
}
