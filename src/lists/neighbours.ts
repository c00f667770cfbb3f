// Files of other programs, read as lists: what each of them prints, one function for each.
import { isoTime, parseDuration, type Time } from '../model/time.ts';
import { readRecords } from './csv.ts';
import { type ListRow, readRow } from './list-row.ts';

type Rows = Iterable<ListRow> | AsyncIterable<ListRow>;
type Reader = (text: string, now: Time) => Rows;

/** Addresses by line or with spaces between them; what follows `#` or `;` is a note. */
export const readPlain: Reader = function* (text, now) {
  for (const [line, content] of linesOf(text)) {
    const [, targets = '', note = ''] = /^([^#;]*)(?:[#;]+(.*))?$/.exec(content) ?? [];
    for (const target of wordsOf(targets))
      yield readRow(line, { target, note: note.trim() || undefined }, now);
  }
};

/** `ipset save`: `add NAME 192.0.2.1 timeout 600 comment "text"`. */
export const readIpset: Reader = function* (text, now) {
  for (const [line, content] of linesOf(text)) {
    const [verb, , target = '', ...options] = wordsOf(content);
    if (verb === undefined || verb.startsWith('#') || verb === 'create') continue;
    if (verb !== 'add') yield bad(line, `${JSON.stringify(verb.slice(0, 20))} is no line of "ipset save"`);
    else if (options.includes('nomatch')) yield bad(line, 'a network that is excepted cannot be imported');
    else {
      const seconds = Number(options[options.indexOf('timeout') + 1]);
      const isPassing = options.includes('timeout') && seconds > 0;
      const [, note] = / comment "((?:[^"\\]|\\.)*)"/.exec(content) ?? [];
      yield readRow(line, { target, note, until: isPassing ? after(now, seconds * 1_000) : '' }, now);
    }
  }
};

/** `fail2ban-client banned`, `status JAIL` and `get JAIL banip`, also `--with-time`. */
export const readFail2ban: Reader = function* (text, now) {
  const isStatus = text.includes(bannedList);
  for (const [line, content] of linesOf(text)) {
    const [, timed, seconds = '', end = ''] = withTime.exec(content) ?? [];
    if (timed !== undefined) {
      const until = seconds.startsWith('-') ? '' : localTime(end);
      yield readRow(line, { target: timed, note: 'fail2ban', until }, now);
    } else if (content.trimStart().startsWith('[')) {
      for (const [, jail = '', list = ''] of content.matchAll(/'([^']*)':\s*\[([^\]]*)\]/g)) {
        for (const [, target = ''] of list.matchAll(/'([^']*)'/g))
          yield readRow(line, { target, note: `fail2ban ${jail}`.slice(0, 200) }, now);
      }
    } else if (!isStatus || content.includes(bannedList)) {
      const list = content.split(bannedList).at(-1) ?? '';
      for (const target of wordsOf(list)) yield readRow(line, { target, note: 'fail2ban' }, now);
    }
  }
};

const bannedList = 'Banned IP list:';

/** `192.0.2.1 	2026-11-24 10:00:00 + 600 = 2026-11-24 10:10:00`, in the time of the host; -1 seconds are for good. */
const withTime = /^\s*(\S+)\s+[\d-]{10} [\d:]{8} \+ (-?\d+) = ([\d-]{10} [\d:]{8})/;

function localTime(text: string): string {
  const time = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(time) ? text : isoTime(time);
}

/** `cscli decisions list -o raw` (CSV) or `-o json`. */
export const readCrowdsec: Reader = (text, now) =>
  text.trimStart().startsWith('[') ? readCrowdsecJson(text, now) : readCrowdsecRaw(text, now);

async function* readCrowdsecRaw(text: string, now: Time): AsyncGenerator<ListRow> {
  let names: readonly string[] | undefined;
  for await (const { cells, line, problem } of readRecords(text)) {
    if (problem !== undefined) yield bad(line, problem);
    else if (!names) names = cells;
    else {
      const cell = (name: string) => cells[names?.indexOf(name) ?? -1] ?? '';
      const [, scope = '', value = ''] = /^(\w+):(.*)$/.exec(cell('ip')) ?? [];
      const isSimulated = cell('simulated') === 'true';
      const decision = { scope, value, type: cell('action'), scenario: cell('reason'), isSimulated };
      yield readDecision(line, { ...decision, duration: cell('expiration') }, now);
    }
  }
}

/** Alerts with their decisions. The line is the number of the decision: JSON has no lines that mean something. */
function* readCrowdsecJson(text: string, now: Time): Generator<ListRow> {
  let line = 0;
  const alerts = parsed(text);
  if (!alerts) yield bad(1, 'the JSON of cscli cannot be read');
  for (const alert of alerts ?? []) {
    const { decisions } = Object(alert) as { decisions?: unknown };
    for (const each of Array.isArray(decisions) ? decisions : []) {
      line += 1;
      const decision = Object(each) as Record<string, unknown>;
      const textOf = (name: string) => String(decision[name] ?? '');
      const isSimulated = decision.simulated === true;
      const [scope, value, type] = [textOf('scope'), textOf('value'), textOf('type')];
      const what = { scope, value, type, scenario: textOf('scenario'), isSimulated };
      yield readDecision(line, { ...what, duration: textOf('duration') }, now);
    }
  }
}

interface CrowdsecDecision {
  readonly scope: string;
  readonly value: string;
  readonly type: string;
  readonly scenario: string;
  readonly isSimulated: boolean;
  readonly duration: string;
}

function readDecision(line: number, decision: CrowdsecDecision, now: Time): ListRow {
  const { scope, value, type, scenario, isSimulated, duration } = decision;
  const skipped = (reason: string): ListRow => ({ kind: 'skipped', line, reason });
  if (!/^(ip|range)$/i.test(scope)) return skipped(`a decision about ${JSON.stringify(scope.slice(0, 20))}`);
  if (isSimulated || type !== 'ban')
    return skipped(`${value.slice(0, 60)} is not banned, but only ${type.slice(0, 20)}`);
  const ms = goDuration(duration);
  if (ms === undefined) return bad(line, `${JSON.stringify(duration.slice(0, 20))} is no duration`);
  return readRow(line, { target: value, note: scenario.slice(0, 200), until: after(now, ms) }, now);
}

/** `fwconsole firewall list ZONE`: a heading, and an entry on each indented line. */
export const readFreepbx: Reader = function* (text, now) {
  for (const [line, content] of linesOf(text)) {
    const [, target] = /^\s+(\S+?)(?::? \(Resolves to .*\))?\s*$/.exec(content) ?? [];
    if (target !== undefined) yield readRow(line, { target, note: 'FreePBX' }, now);
    else if (content.trim() !== '' && !/^All (entries|blacklisted)/.test(content))
      yield bad(line, 'no line of "fwconsole firewall list"');
  }
};

function parsed(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `167h59m48.9s`, as Go writes durations; one that is over begins with a minus. Milliseconds. */
function goDuration(text: string): number | undefined {
  if (!/^-?(?:\d+(?:\.\d+)?(?:ms|[hms]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)(?:\.\d+)?(ms|[hms])/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + (parseDuration(`${count}${unit}`) ?? 0), 0);
  return text.startsWith('-') ? -ms : ms;
}

function after(now: Time, ms: number): string {
  return isoTime(now + ms);
}

function* linesOf(text: string): Generator<readonly [line: number, content: string]> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, content] of lines.entries()) yield [index + 1, content];
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}

function bad(line: number, reason: string): ListRow {
  return { kind: 'bad', line, reason };
}
