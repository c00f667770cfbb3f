// All that is said between sipwarden and one Asterisk: security events on a connection of their own, what has changed on a
// second one, questions on a third, and what other programs report on a fourth.
import { type AmiActions, createAmiActions } from '../asterisk/ami-actions.ts';
import type { AmiLogin, AmiState, AmiTiming } from '../asterisk/ami-login.ts';
import { type AmiStreamListener, createAmiStream } from '../asterisk/ami-stream.ts';
import { createChangeStream } from '../asterisk/change-stream.ts';
import type { Dns } from '../asterisk/host-lookup.ts';
import { createInventory, type InventoryTiming } from '../asterisk/inventory.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Expelled } from '../model/expulsion.ts';
import type { InventoryFact } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAbuseReports, type ReportOptions } from './abuse-reports.ts';

export interface AmiDialogueListener extends AmiStreamListener {
  know(fact: InventoryFact): void;
  /** How the actions login is, while the events are read. */
  onActionsState(state: AmiState, detail: string): void;
  /** Whether the actions user may do what was asked. */
  onAnswer(action: string, isPermitted: boolean): void;
  /** Whether security events come, of which there must have been one by now. */
  onHearing(isHeard: boolean): void;
  /** Asterisk refused a login: perhaps its secret was replaced. */
  onRefused(): void;
  /** The actions login is live, or is so no more. */
  onActions(actions: AmiActions | undefined): void;
  /** What other programs reported. */
  onReports(reports: readonly Observation[]): void;
}

export interface AmiDialogue {
  counters(): Readonly<Record<string, number>>;
  /** Which Asterisk it is and what is registered there, or why that is not known. */
  detail(): string;
  /** Somebody is to be put out of the PBX. */
  expel(): void;
  close(): void;
}

export function openAmiDialogue({
  eventsLogin,
  actionsLogin,
  listener,
  expelled,
  alarms,
  now,
  timing,
  reports: reportOptions,
  inventoryTiming,
  makeDns,
}: {
  readonly eventsLogin: AmiLogin;
  readonly actionsLogin: AmiLogin;
  readonly listener: AmiDialogueListener;
  readonly expelled: Expelled;
  readonly alarms: Alarms;
  now(): Time;
  readonly timing: AmiTiming;
  readonly reports: ReportOptions;
  readonly inventoryTiming?: InventoryTiming;
  readonly makeDns?: () => Dns;
}): AmiDialogue {
  let isLive = false;
  let eventsBefore = 0;
  let hearing: NodeJS.Timeout | undefined;
  const listenFor = (): void => {
    clearTimeout(hearing);
    hearing = setTimeout(() => listener.onHearing(security.counters().events > eventsBefore), timing.hearMs);
  };
  const actions = createAmiActions({
    login: actionsLogin,
    timing,
    onAnswer: listener.onAnswer,
    onState(state, detail) {
      if (isLive) listener.onActionsState(state, detail);
      if (state === 'refused') listener.onRefused();
      listener.onActions(state === 'live' ? actions : undefined);
      if (state === 'live') inventory.readAll();
    },
  });
  const inventory = createInventory({
    actions,
    know: listener.know,
    expelled,
    alarms,
    now,
    ...(inventoryTiming && { timing: inventoryTiming }),
    ...(makeDns && { makeDns }),
  });
  const changes = createChangeStream({
    login: eventsLogin,
    alarms,
    now,
    timing,
    listener: {
      // That login is itself a security event.
      onLive: listenFor,
      onChange: inventory.changed,
      onMissed: inventory.readAll,
      onUnheard: inventory.unheard,
    },
  });
  const reports = createAbuseReports({
    login: eventsLogin,
    options: reportOptions,
    timing,
    now,
    report: listener.onReports,
  });
  const onState = (state: AmiState, detail: string): void => {
    listener.onState(state, detail);
    if (state === 'refused') listener.onRefused();
    isLive = state === 'live';
    clearTimeout(hearing);
    if (isLive) {
      listener.know({ kind: 'restart', time: now() });
      const { state: actionsState, detail: actionsDetail } = actions.state();
      listener.onActionsState(actionsState, actionsDetail);
      eventsBefore = security.counters().events;
      changes.open();
      reports.open();
    } else {
      listener.onActionsState('connecting', detail);
      changes.close();
      reports.close();
    }
  };
  const security = createAmiStream({
    login: { ...eventsLogin, events: 'security' },
    now,
    timing,
    listener: { onEvents: listener.onEvents, onLag: listener.onLag, onState },
  });
  return {
    counters: () => ({
      ...security.counters(),
      ...reports.counters(),
      registeredContacts: inventory.facts()?.registeredContacts ?? 0,
    }),
    detail() {
      const facts = inventory.facts();
      if (!facts) return actions.state().detail;
      const { version, registeredContacts } = facts;
      const contacts = registeredContacts === undefined ? '' : `, ${registeredContacts} registered contacts`;
      return `Asterisk ${version}${contacts}`;
    },
    expel: inventory.expel,
    close() {
      clearTimeout(hearing);
      inventory.close();
      changes.close();
      reports.close();
      security.close();
      listener.onActions(undefined);
      actions.close();
    },
  };
}
