// Records what a client of the manager interface with `read = security` hears, byte for byte, for replay.
import { join } from 'node:path';
import { waitFor } from '../wait-for.ts';
import type { Network } from './namespaces.ts';
import type { AmiTapOptions } from './programs/ami-tap.ts';

const login: AmiTapOptions = { user: 'listener', secret: 'listener-of-the-lab' };

/** For Asterisk's etc folder. */
export const listenerPiece = {
  'manager.d/listener.conf': `[${login.user}]\nsecret = ${login.secret}\nread = security\nwrite =\n`,
};

export interface AmiRecording {
  /** Ends it, with all that was heard. */
  stop(): Promise<string>;
}

/** Resolves when it is logged in. */
export async function startAmiRecording(network: Network): Promise<AmiRecording> {
  const program = join(import.meta.dirname, 'programs/ami-tap.ts');
  const child = network.start('pbx', process.execPath, [program, JSON.stringify(login)]);
  await waitFor('the listener is logged in', () => {
    if (!child.isRunning()) throw new Error(`the listener ended: ${child.stderr()}`);
    return child.stdout().includes('Authentication accepted');
  });
  return {
    async stop() {
      await child.stop();
      return child.stdout();
    },
  };
}
