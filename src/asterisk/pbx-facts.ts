// What `status` says about the PBX: its version, and how many phones are registered.
import type { AmiActions } from './ami-actions.ts';

export interface PbxFacts {
  readonly version: string;
  readonly registeredContacts: number;
}

export async function readPbxFacts(actions: AmiActions): Promise<PbxFacts> {
  const [settings, contacts] = await Promise.all([
    actions.action('CoreSettings'),
    actions.list('PJSIPShowContacts'),
  ]);
  return {
    version: /^[\w.+~-]{1,64}/.exec(settings.asteriskversion ?? '')?.[0] ?? 'of unknown version',
    registeredContacts: contacts.length,
  };
}
