// A live actions login to the AMI test server, as the user `actor`.
import { type AmiActions, createAmiActions } from '../../src/asterisk/ami-actions.ts';
import { waitFor } from '../wait-for.ts';
import { quickTiming } from './ami-server.ts';

export async function connectActions(port: number, timeoutMs = 5_000): Promise<AmiActions> {
  const actions = createAmiActions({
    login: { host: '127.0.0.1', port, user: 'actor', secret: () => 'secret-of-actor' },
    timing: quickTiming,
    timeoutMs,
  });
  try {
    await waitFor('the actions login is live', () => actions.state().state === 'live');
  } catch (error) {
    actions.close();
    throw error;
  }
  return actions;
}
