// Where we register, and who is registered with us. Answers hold passwords and text of clients: only the fields named here
// are ever touched, and never an address that a client wrote.
import type { RegisteredContact } from '../model/inventory.ts';
import { foreignTextLimit } from '../model/observation.ts';
import type { AmiActions } from './ami-actions.ts';
import type { AmiAnswer } from './ami-answer.ts';

export interface OutboundRegistration {
  /** The URI of the provider's server, as the administrator wrote it. */
  readonly serverUri: string;
  /** Empty where the registration names none. */
  readonly endpoint: string;
}

export async function readOutboundRegistrations(
  actions: AmiActions,
): Promise<readonly OutboundRegistration[]> {
  const items = await actions.list('PJSIPShowRegistrationsOutbound');
  return items.flatMap(({ event, serveruri = '', endpoint = '' }) =>
    event === 'OutboundRegistrationDetail' && !`${serveruri}${endpoint}`.includes('\n')
      ? [{ serverUri: serveruri, endpoint }]
      : [],
  );
}

export async function readRegisteredContacts(actions: AmiActions): Promise<readonly RegisteredContact[]> {
  return (await actions.list('PJSIPShowRegistrationInboundContactStatuses')).flatMap(registeredContact);
}

function registeredContact({
  event,
  aor = '',
  id = '',
  callid = '',
  regexpire = '',
}: AmiAnswer): readonly RegisteredContact[] {
  const isRegistered =
    event === 'ContactStatusDetail' && /^[^\x00-\x1f\x7f]{1,800};@[^\x00-\x1f\x7f;@]{1,64}$/.test(id);
  // A header that comes twice holds a line break here.
  if (!isRegistered || callid === '' || aor === '' || `${callid}${aor}`.includes('\n')) return [];
  if (!/^\d{1,11}$/.test(regexpire)) return [];
  const contact = { callId: copyText(callid), account: copyText(aor), id: Buffer.from(id).toString() };
  return [{ ...contact, until: Number(regexpire) * 1_000 }];
}

/** Cut as in observations, so that both can be compared, and a string of its own, which keeps no whole answer in memory. */
function copyText(text: string): string {
  return Buffer.from(text.slice(0, foreignTextLimit)).toString();
}
