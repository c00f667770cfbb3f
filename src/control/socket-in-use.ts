// Whether another daemon answers on the control socket.
import { connect } from 'node:net';
import { SipwardenError } from '../model/error.ts';
import type { ControlOptions } from './control-options.ts';

/** Rejects with CONTROL_IN_USE where another daemon answers on the socket. */
export async function checkSocketIsFree({ socket }: Pick<ControlOptions, 'socket'>): Promise<void> {
  if (!(await isAnswered(socket))) return;
  throw new SipwardenError('CONTROL_IN_USE', `another sipwarden answers on ${socket}`, {
    hint: 'stop it first, or give this one another [control] socket',
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}
