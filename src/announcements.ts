// What happens, told to the PBX: UserEvents for other clients of its AMI, and lists for its command line. Nothing waits for
// it, and nothing here can fail a ban.
import type { AmiActions } from './asterisk/ami-actions.ts';
import { type ConsoleLists, createConsoleLists } from './asterisk/console-lists.ts';
import { createPublisher } from './asterisk/publisher.ts';
import { isPublished, userEventOf } from './asterisk/user-events.ts';
import type { Attack } from './model/attack.ts';
import type { Decision } from './model/decision.ts';
import type { Tell } from './model/happening.ts';
import type { Time } from './model/time.ts';

export interface Announcements {
  readonly tell: Tell;
  /** What stands since before this start: listed, and not told anew. The oldest first. */
  recall(decisions: readonly Decision[], attacks: readonly Attack[]): void;
  /** The actions login to the PBX is live, or is so no more. */
  connect(actions: AmiActions | undefined): void;
  counters(): Readonly<Record<string, number>>;
  stop(): void;
}

export interface AnnouncementOptions {
  readonly publish: boolean;
  readonly mirror: boolean;
}

export function createAnnouncements({
  options,
  now,
}: {
  /** Asked each time. */
  readonly options: () => AnnouncementOptions;
  now(): Time;
}): Announcements {
  const publisher = createPublisher();
  const lists: ConsoleLists = createConsoleLists(now);
  return {
    tell(happening) {
      lists.tell(happening);
      if (options().publish && isPublished(happening)) publisher.publish(() => userEventOf(happening));
    },
    recall(decisions, attacks) {
      for (const decision of decisions) lists.tell({ kind: 'decided', decision });
      for (const attack of attacks) lists.tell({ kind: 'attacked', attack });
    },
    connect(actions) {
      publisher.connect(actions);
      lists.connect(options().mirror ? actions : undefined);
    },
    counters: publisher.counters,
    stop: lists.stop,
  };
}
