// The endpoints of pjsip: who authenticates, and what the administrator wrote of their addresses. Answers hold passwords
// and text of clients: only the few fields named here are ever touched.
import { inParallel } from '../lib/in-parallel.ts';
import { SipwardenError } from '../model/error.ts';
import type { AmiActions } from './ami-actions.ts';
import type { AmiAnswer } from './ami-answer.ts';

export interface Endpoint {
  readonly name: string;
  /** Whoever calls as this endpoint must know a password. */
  readonly authenticates: boolean;
  /** The `Match` of its identify sections. */
  readonly matches: readonly string[];
  /** URIs of the contacts in its configuration; never of one that registered. */
  readonly staticContacts: readonly string[];
}

const parallel = 16;

/** All of them, or it rejects as `AmiActions.list` does, and with AMI_ANSWER_INCOMPLETE. */
export async function readEndpoints(actions: AmiActions): Promise<ReadonlyMap<string, Endpoint>> {
  const rows = await actions.list('PJSIPShowEndpoints');
  const names = rows.flatMap(({ event, objectname = '' }) =>
    event === 'EndpointList' && isPlain(objectname) ? [objectname] : [],
  );
  const endpoints = await inParallel([...new Set(names)], parallel, (name) => readEndpoint(actions, name));
  return new Map(endpoints.flatMap((endpoint) => (endpoint ? [[endpoint.name, endpoint]] : [])));
}

/** Undefined where it is gone. */
async function readEndpoint(actions: AmiActions, name: string): Promise<Endpoint | undefined> {
  const items = await actions.list('PJSIPShowEndpoint', { Endpoint: name }).catch((error: unknown) => {
    if (error instanceof SipwardenError && error.code === 'AMI_ACTION_REFUSED') return undefined;
    throw error;
  });
  if (!items) return undefined;
  const detail = items.find(({ event }) => event === 'EndpointDetail');
  if (detail?.objectname !== name) {
    throw new SipwardenError('AMI_ANSWER_INCOMPLETE', 'an answer to PJSIPShowEndpoint lacks the endpoint');
  }
  return {
    name,
    authenticates: isPlain(detail.auth ?? ''),
    matches: items.flatMap((item) => (item.event === 'IdentifyDetail' && item.match ? [item.match] : [])),
    staticContacts: items.flatMap(staticContact),
  };
}

/**
 * Asterisk names a contact of the configuration `<aor>@@<md5 of its URI>` and one that registered `<aor>;@<md5>`
 * (res_pjsip/location.c). A header that comes twice holds a line break here.
 */
function staticContact({ event, id = '', uri = '' }: AmiAnswer): readonly string[] {
  return event === 'ContactStatusDetail' && /^[^;\n]*@@[0-9a-f]{32}$/.test(id) && isPlain(uri) ? [uri] : [];
}

/** Said, and said once. */
function isPlain(text: string): boolean {
  return text !== '' && !text.includes('\n');
}
