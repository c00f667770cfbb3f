// What `status` says about the PBX: its version, and how many phones are registered.
import type { AmiActions } from './ami-actions.ts';

export interface PbxFacts {
  readonly version: string;
  readonly registeredContacts: number;
}

export interface PbxFactsWatch {
  /** Undefined until Asterisk has answered, and while it does not. */
  latest(): PbxFacts | undefined;
  close(): void;
}

const firstMs = 1_000;
const everyMs = 60_000;
const retryMs = 5_000;

/** Asks again and again. `onUnknown` is called whenever Asterisk did not answer. */
export function watchPbxFacts(actions: AmiActions, onUnknown: () => void): PbxFactsWatch {
  let facts: PbxFacts | undefined;
  let isClosed = false;
  const refresh = async (): Promise<void> => {
    facts = await readPbxFacts(actions).catch(() => undefined);
    if (isClosed) return;
    if (!facts) onUnknown();
    timer = setTimeout(refresh, facts ? everyMs : retryMs);
  };
  let timer = setTimeout(refresh, firstMs);
  return {
    latest: () => facts,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
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
