// The enforcer that has Asterisk itself answer 403: a named ACL in a file of its own, generated whole. It holds proven
// offenders and whom persons block; what is only asserted, single ports and limits are the kernel's affair.
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Enforcer, Entry, Place } from '../model/enforcer.ts';
import type { PbxAcl } from '../model/pbx-acl.ts';
import type { Time } from '../model/time.ts';
import { formatAcl, formatRules, parseAcl, readAclFile, removeAclFile, replaceAclFile } from './acl-file.ts';
import { aclRules, aclSets } from './acl-rules.ts';
import { keyOf } from './differences.ts';
import { firewallError } from './firewall-error.ts';
import { createGatheredRuns } from './gathered-runs.ts';
import { setCapacity } from './kernel-sets.ts';
import { memberOf } from './member.ts';

export interface AsteriskAclParts {
  readonly settings: {
    readonly file: string;
    readonly max_entries: number;
    /** No firewall stands before it. */
    readonly role: 'alone' | 'second' | 'unused';
  };
  readonly pbx: PbxAcl;
  readonly alarms: Alarms;
  readonly now: () => Time;
  /** From one reading of the file by Asterisk to the next, at least. Milliseconds. */
  readonly pauseMs?: number;
}

const fullAlarm = 'ACL_FULL';
const uncovered =
  'Asterisk alone blocks, by the answer 403: first packets, floods, ACKs and what is not SIP still reach it, it answers forged ' +
  'requests too (amplification), and drops, single ports, limits and TFTP are recorded but not carried out';

export function createAsteriskAcl({
  settings: { file, max_entries: most, role },
  pbx,
  alarms,
  now,
  pauseMs = 250,
}: AsteriskAclParts): Enforcer {
  /** The oldest first. */
  let members: Map<string, Entry> | undefined;
  let leftOut = 0;
  /** What we wrote last, and the rules that the PBX has. */
  let written: string | undefined;
  let held: string | undefined;
  /** It failed to read it, or may be another process by now. */
  let isUnread = false;

  const isOver = ({ until }: Entry) => until !== undefined && until <= now();
  const prepared = (): Map<string, Entry> => {
    if (members) return members;
    throw firewallError('FIREWALL_NOT_PREPARED', 'the ACL of Asterisk has not been prepared');
  };
  const locate = (wanted: Place): Place => {
    const { place } = memberOf(wanted);
    if (aclSets.some((set) => set === place.set)) return place;
    throw firewallError('FIREWALL_REFUSED_TARGET', `the ACL of Asterisk has no set ${place.set}`);
  };

  const forgetEnded = () => {
    for (const [key, entry] of members ?? []) if (isOver(entry)) members?.delete(key);
  };
  const tellFull = () => {
    if (leftOut === 0) return alarms.clear(fullAlarm);
    alarms.raise(
      fullAlarm,
      `the ACL of Asterisk is full with ${most} entries: the ${leftOut} oldest of who is blocked are not in it`,
      `${role === 'alone' ? 'they are not refused' : 'the firewall holds them all the same'}; block networks instead of addresses, or raise max_entries in [asterisk_acl] (at most 5000)`,
    );
  };
  const publish = async (): Promise<void> => {
    if (!members) return;
    forgetEnded();
    endings.rearm();
    const made = aclRules([...members.values()], most);
    leftOut = made.leftOut.length;
    tellFull();
    const text = formatAcl(made);
    if ((await readAclFile(file)) !== text) await replaceAclFile(file, text);
    written = text;
    const rules = formatRules(made.rules).join('\n');
    if (held === rules) return;
    held = undefined;
    isUnread = true;
    await pbx.take(made.rules);
    held = rules;
    isUnread = false;
  };
  const publications = createGatheredRuns(publish, pauseMs);
  /** Resolves when the PBX has what is wanted now. */
  const published = publications.ask;
  const endings = createDeadlineTimer({
    nextDeadline() {
      const ends = [...(members?.values() ?? [])].flatMap(({ until }) => until ?? []);
      return ends.length === 0 ? undefined : ends.reduce((one, other) => Math.min(one, other));
    },
    wake() {
      forgetEnded();
      void published().catch(() => undefined);
    },
    now,
    leastMs: pauseMs,
  });

  return {
    backEnd: () => ({
      name: 'asterisk-acl',
      capabilities: { hotSignatures: false, limits: false, capture: false },
    }),
    notices: () => [...(role === 'alone' ? [uncovered] : []), ...pbx.notices()],
    /** The first time it takes over what the file holds; after that it puts right whatever is not as it should be. */
    async prepare() {
      if (members) return published();
      const text = await readAclFile(file);
      const found = text === undefined ? undefined : parseAcl(text);
      if (!found) await replaceAclFile(file, formatAcl({ rules: [], members: [] }));
      members = new Map(found?.members.map((entry) => [keyOf(entry), entry]));
      written = await readAclFile(file);
      endings.rearm();
    },
    async add(entry) {
      const [all, place] = [prepared(), locate(entry)];
      const key = keyOf(place);
      all.delete(key);
      if (!isOver(entry)) {
        if (all.size >= setCapacity.ban) throw firewallError('FIREWALL_SET_FULL', 'the ACL takes no more');
        all.set(key, { ...entry, ...place });
      }
      await published();
    },
    async remove(place) {
      prepared().delete(keyOf(locate(place)));
      await published();
    },
    /** What the file holds, and beside it who had no room. */
    async list() {
      forgetEnded();
      const text = await readAclFile(file);
      if (members && text === written) return [...members.values()];
      return (text === undefined ? undefined : parseAcl(text)?.members) ?? [];
    },
    drops: async () => ({ hot: {}, limits: {} }),
    async damage() {
      if ((await readAclFile(file)) !== written || written === undefined) return [`the file ${file}`];
      return isUnread ? ['what Asterisk has read of it'] : [];
    },
    watch: (onChange) =>
      pbx.watch(() => {
        held = undefined;
        isUnread = true;
        onChange('members');
      }),
    async close() {
      endings.stop();
      await publications.finish();
    },
    async teardown() {
      await publications.finish();
      members = undefined;
      written = undefined;
      held = undefined;
      isUnread = false;
      endings.stop();
      alarms.clear(fullAlarm);
      await removeAclFile(file);
      await pbx.take([]);
    },
  };
}
