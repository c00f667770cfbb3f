// A PBX for the AMI test server: what a test says is there, in answers as Asterisk 22 writes them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Action } from './ami-server.ts';

export interface ScriptedEndpoint {
  readonly auth?: string;
  readonly match?: readonly string[];
  readonly staticContacts?: readonly string[];
}

export interface ScriptedChannel {
  readonly state: string;
  /** Left out where Asterisk made the call. */
  readonly requestUri?: string;
  readonly remote?: string;
}

/** A test changes it at any time. */
export interface ScriptedPbx {
  readonly endpoints: Map<string, ScriptedEndpoint>;
  registrations: readonly { readonly server: string; readonly endpoint: string }[];
  contacts: readonly { readonly account: string; readonly callId: string; readonly seconds: number }[];
  readonly channels: Map<string, ScriptedChannel>;
  /** Answers the next ones of an action in another way. */
  readonly otherwise: Map<string, readonly string[] | 'silence' | ((action: Action) => readonly string[])>;
  answer(action: Action): readonly string[] | undefined | 'silence';
}

export function scriptPbx(): ScriptedPbx {
  const pbx: ScriptedPbx = {
    endpoints: new Map(),
    registrations: [],
    contacts: [],
    channels: new Map(),
    otherwise: new Map(),
    answer(action) {
      const otherwise = pbx.otherwise.get(action.action ?? '') ?? answerOf(pbx, action);
      return typeof otherwise === 'function' ? otherwise(action) : otherwise;
    },
  };
  return pbx;
}

function answerOf(pbx: ScriptedPbx, action: Action): readonly string[] | undefined {
  const id = action.actionid ?? '';
  switch (action.action) {
    case 'CoreSettings':
      return ['Response: Success', 'AsteriskVersion: 22.10.1'];
    case 'CoreStatus':
      return ['Response: Success', `CoreCurrentCalls: ${pbx.channels.size}`];
    case 'PJSIPShowEndpoints':
      return listOf(
        id,
        'EndpointList',
        [...pbx.endpoints].map(([name, { auth = '' }]) => ({ ObjectName: name, Auths: auth })),
      );
    case 'PJSIPShowEndpoint': {
      const endpoint = pbx.endpoints.get(action.endpoint ?? '');
      return endpoint
        ? endpointDetail(id, action.endpoint ?? '', endpoint)
        : ['Response: Error', `Message: Unable to retrieve endpoint ${action.endpoint}\n`];
    }
    case 'PJSIPShowRegistrationsOutbound':
      return listOf(
        id,
        'OutboundRegistrationDetail',
        pbx.registrations.map(({ server, endpoint }) => ({ ServerUri: server, Endpoint: endpoint })),
      );
    case 'PJSIPShowRegistrationInboundContactStatuses':
      return listOf(id, 'ContactStatusDetail', pbx.contacts.map(registeredContact));
    case 'Getvar':
      return variable(pbx, action);
    default:
      return undefined;
  }
}

function endpointDetail(
  id: string,
  name: string,
  { auth = '', match = [], staticContacts = [] }: ScriptedEndpoint,
): readonly string[] {
  const rows = [
    { event: 'EndpointDetail', ObjectName: name, Auth: auth },
    ...(auth === '' ? [] : [{ event: 'AuthDetail', ObjectName: auth, Password: 'a-password-of-theirs' }]),
    ...staticContacts.map((uri) => ({ event: 'ContactStatusDetail', URI: uri, ID: `${name}@@${md5(uri)}` })),
    ...match.map((text) => ({ event: 'IdentifyDetail', ObjectName: name, Match: text })),
  ];
  return listOf(id, 'EndpointDetail', rows);
}

function registeredContact({ account, callId, seconds }: ScriptedPbx['contacts'][number]) {
  return {
    AOR: account,
    URI: `sip:${account}@192.0.2.99`,
    RegExpire: String(seconds),
    ViaAddress: '192.0.2.99:5060',
    CallID: callId,
    ID: `${account};@${md5(account)}`,
  };
}

/** A list with its end, without the ActionID of the first message, which the server adds. */
export function listOf(
  actionId: string,
  event: string,
  rows: readonly Readonly<Record<string, string>>[],
  count = rows.length,
): readonly string[] {
  const items = rows.flatMap(({ event: own = event, ...headers }) => [
    `Event: ${own}`,
    `ActionID: ${actionId}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
  ]);
  const end = [
    `Event: ${event}Complete`,
    `ActionID: ${actionId}`,
    'EventList: Complete',
    `ListItems: ${count}`,
  ];
  return ['Response: Success', 'EventList: start', '', ...items, ...end];
}

function variable({ channels }: ScriptedPbx, { channel, variable: name = '' }: Action): readonly string[] {
  const found = channels.get(channel ?? '');
  if (channel !== undefined && !found) return ['Response: Error', 'Message: No such channel'];
  const values: Record<string, string | undefined> = {
    'CHANNEL(state)': found?.state,
    'CHANNEL(pjsip,request_uri)': found?.requestUri,
    'CHANNEL(pjsip,remote_addr)': found?.remote,
  };
  const wanted = /^CHANNELS\((.*)\)$/.exec(name)?.[1];
  const value = wanted === undefined ? values[name] : namesOf([...channels.keys()], new RegExp(wanted));
  return ['Response: Success', `Variable: ${name}`, `Value: ${value ?? ''}`];
}

/** Cut at what Asterisk's buffer holds. */
function namesOf(names: readonly string[], wanted: RegExp): string {
  let text = '';
  for (const name of names.filter((each) => wanted.test(each))) {
    if (text.length + name.length + 1 < 1_023) text += text === '' ? name : ` ${name}`;
  }
  return text;
}

/** An answer as it was recorded, for the question that is asked now. */
export function recordedAnswer(file: string, { actionid = '' }: Action): readonly string[] {
  const [first = '', , ...rest] = readFileSync(`fixtures/ami-queries/${file}`, 'latin1')
    .trimEnd()
    .split('\r\n');
  return [first, ...rest.map((line) => line.replace(/^ActionID: .*/, `ActionID: ${actionid}`))];
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
