// What `status` says about the PBX.
import type { AmiActions } from './ami-actions.ts';

export interface PbxFacts {
  readonly version: string;
  /** Undefined until they were read. */
  readonly registeredContacts: number | undefined;
}

export async function readVersion(actions: AmiActions): Promise<string> {
  const { asteriskversion = '' } = await actions.action('CoreSettings');
  return /^[\w.+~-]{1,64}/.exec(asteriskversion)?.[0] ?? 'of unknown version';
}
