// All that is said between sipwarden and one Asterisk: security events on a connection of their own, what has changed on a
// second one, questions on a third, and what other programs report on a fourth.
import { type AmiActions, createAmiActions } from '../asterisk/ami-actions.ts';
import type { AmiLogin, AmiState, AmiTiming } from '../asterisk/ami-login.ts';
import { type AmiStreamListener, createAmiStream } from '../asterisk/ami-stream.ts';
import { createChangeStream } from '../asterisk/change-stream.ts';
import type { Dns } from '../asterisk/host-lookup.ts';
import { createInventory, type InventoryTiming } from '../asterisk/inventory.ts';
import type { Alarms } from '../model/alarm.ts';
import type { InventoryFact } from '../model/inventory.ts';
import type { Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAbuseReports, type ReportOptions } from './abuse-reports.ts';

export interface AmiDialogueListener extends AmiStreamListener {
  know(fact: InventoryFact): void;
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
  close(): void;
}

export function openAmiDialogue({
  eventsLogin,
  actionsLogin,
  listener,
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
  readonly alarms: Alarms;
  now(): Time;
  readonly timing: AmiTiming;
  readonly reports: ReportOptions;
  readonly inventoryTiming?: InventoryTiming;
  readonly makeDns?: () => Dns;
}): AmiDialogue {
  const actions = createAmiActions({
    login: actionsLogin,
    timing,
    onState(state) {
      if (state === 'refused') listener.onRefused();
      listener.onActions(state === 'live' ? actions : undefined);
      if (state === 'live') inventory.readAll();
    },
  });
  const inventory = createInventory({
    actions,
    know: listener.know,
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
    if (state === 'live') {
      listener.know({ kind: 'restart', time: now() });
      changes.open();
      reports.open();
    } else {
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
    close() {
      inventory.close();
      changes.close();
      reports.close();
      security.close();
      listener.onActions(undefined);
      actions.close();
    },
  };
}
