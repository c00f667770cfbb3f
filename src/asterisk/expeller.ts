// Puts proven offenders out of the PBX: hangs up their calls, removes their contacts, and does nothing else. Who they are
// is asked anew each time; a channel's address and a contact's Call-ID come from Asterisk itself.
import { inParallel } from '../lib/in-parallel.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Expelled, Expulsion, PbxAct } from '../model/expulsion.ts';
import type { RegisteredContact } from '../model/inventory.ts';
import type { Time } from '../model/time.ts';
import type { AmiActions } from './ami-actions.ts';
import { endpointOf, readCaller, readChannels } from './call-channels.ts';
import { createRepeatedRead, type ReadTiming } from './repeated-read.ts';

export interface Expeller {
  /** Somebody is to be put out: looks at every call. */
  readAll(): void;
  /** Something happened to a channel, or so an event says. */
  heardOf(channel: string): void;
  /** All registrations, as Asterisk holds them now. Rejects where Asterisk could not be told. */
  removeFrom(contacts: readonly RegisteredContact[]): Promise<void>;
  close(): void;
}

export interface ExpellerParts {
  readonly actions: AmiActions;
  readonly expelled: Expelled;
  readonly alarms: Alarms;
  now(): Time;
  readonly timing: ReadTiming;
}

const failed = 'PBX_EXPEL_FAILED';
const hints = {
  'hang-up': (channel: string) =>
    `asterisk -rx "channel request hangup ${channel}"; "sipwarden setup" makes the actions login that may do it`,
  'remove-contact': (aor: string) =>
    `change the password of ${aor} and see "pjsip show contacts"; contacts that are not kept in AstDB can only be removed where they are kept`,
};
/** ITU-T Q.850: call rejected. */
const rejected = '21';
const parallel = 8;

export function createExpeller({ actions, expelled, alarms, now, timing }: ExpellerParts): Expeller {
  const act = async (
    expulsion: Expulsion,
    done: Pick<PbxAct, 'kind' | 'subject'>,
    action: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const { response, message = '' } = await actions.action(action, headers);
    // It ended by itself.
    if (response !== 'Success' && /no such channel/i.test(message)) return;
    if (response === 'Success') {
      alarms.clear(failed);
      return expelled.acted(expulsion, { ...done, time: now() });
    }
    const problem = `Asterisk refused ${action}: ${message.trim().slice(0, 100)}`;
    alarms.raise(
      failed,
      `${expulsion.target} could not be put out of the PBX: ${problem}`,
      hints[done.kind](done.subject),
    );
    expelled.acted(expulsion, { ...done, time: now(), problem });
  };
  const check = async (channel: string): Promise<void> => {
    if (endpointOf(channel) === undefined || !expelled.isAny()) return;
    const caller = await readCaller(actions, channel);
    const expulsion = caller && expelled.caller(caller.address);
    if (!expulsion) return;
    await act(expulsion, { kind: 'hang-up', subject: channel }, 'Hangup', {
      Channel: channel,
      Cause: rejected,
    });
  };
  const all = createRepeatedRead(async () => {
    if (expelled.isAny()) await inParallel(await readChannels(actions), parallel, check);
  }, timing);
  return {
    readAll: all.requestAnew,
    heardOf(channel) {
      // What could not be asked is found by looking at all, which is tried until it succeeds.
      void check(channel).catch(all.request);
    },
    async removeFrom(contacts) {
      if (!expelled.isAny()) return;
      for (const { callId, account, id } of contacts) {
        const expulsion = expelled.registrant(callId);
        if (!expulsion) continue;
        const place = { Family: 'registrar/contact', Key: id };
        await act(expulsion, { kind: 'remove-contact', subject: account }, 'DBDel', place);
      }
    },
    close() {
      all.close();
      alarms.clear(failed);
    },
  };
}
