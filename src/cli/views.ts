// The listings of the command line, as people read them.
import type { DetectorReport, Explanation, Status } from '../control/operations.ts';
import { describeRadius } from '../model/blast-radius.ts';
import type { Decision } from '../model/decision.ts';
import type { Capabilities, KernelDrops, Layer, SourcePort } from '../model/enforcer.ts';
import type { GeoDatabase, Origin } from '../model/geography.ts';
import { formatDuration } from '../model/time.ts';
import type { Replay } from '../replay.ts';
import { originOf, viewAttack, viewAttacks } from './attack-views.ts';
import { clock, plain, quoted, table } from './print.ts';

export function viewStatus(status: Status): string {
  const { inForce, sensors, alarms } = status;
  return [
    status.summary,
    `sipwarden ${status.version}, process ${status.pid}, since ${clock(status.startedAt)}, firewall: ${status.backend}`,
    ...viewBackEnd(status.firewall),
    ...status.firewall.layers.flatMap(viewLayer),
    '',
    table(
      ['SENSOR', 'STATE', 'SINCE', 'DETAIL'],
      sensors.map(({ name, state, since, detail }) => [name, state, clock(since), detail]),
      'no sensors',
    ),
    '',
    ...sensors.flatMap(({ name, counters }) => {
      const shown = Object.entries(counters).filter(([, count]) => count > 0);
      return shown.length === 0
        ? []
        : [`${name}: ${shown.map(([what, count]) => `${what} ${count}`).join(', ')}`];
    }),
    `in force: ${inForce.bans} bans, ${inForce.drops} drops, ${inForce.ports} single ports; ${inForce.shielded} addresses shielded; allowlist ${inForce.allow}, denylist ${inForce.deny}`,
    ...viewDrops(status.firewall.drops),
    ...viewDatabases(status.geoip),
    ...(inForce.held > 0 ? [`${inForce.held} bans wait for a person: sipwarden held`] : []),
    ...(inForce.proposed > 0
      ? [`${inForce.proposed} addresses are proposed for the denylist: sipwarden proposals`]
      : []),
    ...(inForce.unconfirmed > 0
      ? [`${inForce.unconfirmed} forced changes wait for a confirmation: sipwarden unconfirmed`]
      : []),
    ...(status.firewall.pending > 0
      ? [`${status.firewall.pending} changes are waiting for the firewall`]
      : []),
    ...(status.firewall.repairs > 0
      ? [`the firewall was changed by others and repaired ${status.firewall.repairs} times`]
      : []),
    ...alarms.map(
      ({ code, message, hint, since }) =>
        `ALARM [${code}] ${message} (since ${clock(since)})${hint && `\n  ${hint}`}`,
    ),
  ].join('\n');
}

/** Their licences ask for the names of their makers where countries are shown. */
function viewDatabases(databases: readonly GeoDatabase[]): string[] {
  return databases.map(({ about, type, buildTime, attribution }) =>
    type === undefined
      ? `${about} of addresses: not known`
      : `${about} of addresses: ${type} of ${clock(buildTime).slice(0, 10)}${attribution && `. ${attribution}`}`,
  );
}

/** What never reached Asterisk and was never looked at. */
function viewDrops({ hot, limits }: KernelDrops): string[] {
  const counts = [...Object.entries(hot), ...Object.entries(limits)].filter(([, count]) => count > 0);
  if (counts.length === 0) return [];
  return [`dropped by the kernel itself: ${counts.map(([what, count]) => `${what} ${count}`).join(', ')}`];
}

function viewBackEnd({ because, capabilities, notices }: Status['firewall']): string[] {
  const lacking = Object.entries(capabilityNames).filter(
    ([name]) => !capabilities[name as keyof Capabilities],
  );
  return [
    ...(because === undefined ? [] : [`  chosen because ${because}`]),
    ...(lacking.length === 0 ? [] : [`  without ${lacking.map(([, text]) => text).join(', ')}`]),
    ...notices.map((notice) => `  NOTICE ${notice}`),
  ];
}

function viewLayer({ name, pending, notices }: Layer): string[] {
  const waiting = pending === 0 ? '' : `; ${pending} changes are waiting for it`;
  return [`  and ${name}, for whoever is banned${waiting}`, ...notices.map((notice) => `  NOTICE ${notice}`)];
}

const capabilityNames: Readonly<Record<keyof Capabilities, string>> = {
  hotSignatures: 'hot signatures',
  limits: 'limits in the kernel',
  capture: 'packets for the sidecar (nflog)',
};

export function viewBans(decisions: readonly (Decision & Origin)[]): string {
  return table(
    ['ADDRESS', 'FROM', 'ACTION', 'UNTIL', 'BECAUSE OF', 'WHY'],
    decisions.map((decision) => [
      placeOf(decision),
      originOf(decision),
      decision.enforced ? decision.action : `(${decision.action})`,
      clock(decision.until),
      causeOf(decision),
      decision.reason,
    ]),
    'nobody is blocked',
  );
}

export function viewDetectors(detectors: readonly DetectorReport[]): string {
  return table(
    ['DETECTOR', 'STATE', 'FIRED', 'LAST', 'THRESHOLDS'],
    detectors.map(({ name, state, fired, lastTime, options }) => [
      name,
      state,
      String(fired),
      lastTime === undefined ? '' : clock(lastTime),
      Object.entries(options).map(optionText).join(', '),
    ]),
    'nothing is looked for',
  );
}

function optionText([name, value]: [string, unknown]): string {
  if (Array.isArray(value)) return `${name} ${value.length} entries`;
  return `${name} ${name.endsWith('_period') ? formatDuration(Number(value)) : String(value)}`;
}

export function viewExplanation(explanation: Explanation): string {
  const { verdict, attacks, timeline, lists, shield, behind } = explanation;
  return [
    verdict,
    ...(originOf(explanation) === '' ? [] : [`from: ${originOf(explanation)}`]),
    `behind it: ${describeRadius(behind)}${behind.names.length > 0 ? ` (${behind.names.map(plain).join(', ')})` : ''}`,
    ...lists.map(
      ({ list, target, note, author, time, until }) =>
        `${list}list: ${target} ${note && quoted(note)} by ${plain(author)}, ${clock(time)}, until ${clock(until)}`,
    ),
    ...shield.map(
      ({ kind, target, name, why, since, provenSince, until }) =>
        `shield: ${kind} ${quoted(name)} at ${target}, ${why}, since ${clock(since)} (${provenSince === undefined ? 'never proven' : `proven since ${clock(provenSince)}`}), until ${clock(until)}`,
    ),
    ...attacks.flatMap((attack) => ['', ...viewAttack(attack)]),
    '',
    table(
      ['TIME', 'WHAT', 'HOW IT CAME'],
      timeline.map(({ time, what, detail }) => [clock(time), what, detail]),
      'nothing is known of it',
    ),
  ].join('\n');
}

function placeOf({ target, port }: Pick<Decision, 'target' | 'port'>): string {
  return port ? `${target} ${portText(port)}` : target;
}

function portText({ protocol, port }: SourcePort): string {
  return `${protocol} port ${port}`;
}

export function causeOf({ cause }: Decision): string {
  return cause.kind === 'detection' ? `${cause.attack} (${cause.proof})` : `order of ${plain(cause.by)}`;
}

export function viewReplay(replay: Replay): string {
  const { packets, messages, discarded, seen, direction, geoip, attacks, decisions } = replay;
  const observed = Object.entries(seen).map(
    ([sensor, counts]) =>
      `${sensor}: ${Object.entries(counts)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ')}`,
  );
  const lost = Object.entries(discarded).map(([reason, count]) => `${reason} ${count}`);
  return [
    `${packets > 0 ? `${packets} packets, ` : ''}${messages} messages, ${clock(replay.firstTime)} to ${clock(replay.lastTime)}`,
    `direction: ${direction}`,
    ...observed,
    ...viewDatabases(geoip),
    ...(lost.length > 0 ? [`not used: ${lost.join(', ')}`] : []),
    '',
    viewAttacks(attacks),
    '',
    table(
      ['TIME', 'SOURCE', 'ACTION', 'UNTIL', 'BECAUSE OF', 'AFTER'],
      decisions.map((decision) => [
        clock(decision.time),
        decision.source,
        decision.action,
        clock(decision.until),
        `${decision.attack} (${decision.proof})`,
        `${decision.messagesBefore} messages`,
      ]),
      'nobody would have been blocked',
    ),
  ].join('\n');
}
