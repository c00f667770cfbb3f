// The smallest change to manager.conf that switches AMI on and lets our users be read. Pure; every other byte stays.
import { lineEndOf, readLines, sectionOf, withLine } from './conf-text.ts';

export interface ManagerConf {
  readonly text: string;
  /** What a person should know about what was found. */
  readonly notes: readonly string[];
}

interface Found {
  readonly generalLine: number;
  /** The last line of [general] that sets the option, since the last one counts. */
  readonly options: ReadonlyMap<string, { readonly line: number; readonly value: string }>;
  readonly isIncluded: boolean;
}

/** Of what is included, from the folder of manager.conf. */
export const managerPiece = 'manager.d/sipwarden.conf';
const loopback = /^(127\.|::1$|localhost$)/;

export function enableManager(text: string): ManagerConf {
  const lines = text.split(/\r?\n/);
  const found = findOptions(lines);
  const { isEnabled, address } = listening(found);
  const edited = isEnabled ? text : setOptions(lines, found, optionsToSet(address)).join(lineEndOf(text));
  return {
    text: found.isIncluded ? edited : withLine(edited, includeOf(managerPiece)),
    notes: notesOn(found),
  };
}

/** What a person should know of a manager.conf that another program writes, and that stays as it is. */
export function notesOnManaged(text: string): readonly string[] {
  const found = findOptions(text.split(/\r?\n/));
  if (listening(found).isEnabled) return notesOn(found);
  return ['AMI is off: switch it on where your distribution lets you, such as in its advanced settings'];
}

export function includeOf(path: string): string {
  return `#tryinclude "${path}"`;
}

/** The file for additions that a manager.conf of FreePBX and its kin includes; undefined of any other. */
export function customFileOf(text: string): string | undefined {
  return /^\s*#(?:try)?include\s+["<]?(?:\S*\/)?(manager_custom\.conf)/m.exec(text)?.[1];
}

/** True where another program writes manager.conf, so that our change would not last. */
export function isManagedByDistribution(text: string): boolean {
  return /^\s*#(try)?include\s+.*manager_(custom|additional)\.conf/m.test(text);
}

export function definesUser(text: string, user: string): boolean {
  return text.split(/\r?\n/).some((line) => sectionOf(line) === user);
}

function findOptions(lines: readonly string[]): Found {
  const options = new Map<string, { line: number; value: string }>();
  let generalLine = -1;
  let isGeneral = false;
  let isIncluded = false;
  for (const [line, text] of readLines(lines)) {
    const section = sectionOf(text);
    if (section !== undefined) isGeneral = section.toLowerCase() === 'general';
    if (section !== undefined && isGeneral && generalLine < 0) generalLine = line;
    const option = /^\s*([a-z]+)\s*=>?\s*([^;]*)/i.exec(text);
    if (isGeneral && option) options.set(option[1]!.toLowerCase(), { line, value: option[2]!.trim() });
    if (/^\s*#(try)?include\s+["<]?(\S*\/)?manager\.d\/(\*|sipwarden)\.conf/.test(text)) isIncluded = true;
  }
  return { generalLine, options, isIncluded };
}

function listening({ options }: Found) {
  const isEnabled = /^(yes|true|on|y|t|1)$/i.test(options.get('enabled')?.value ?? '');
  return { isEnabled, address: options.get('bindaddr')?.value ?? '' };
}

/** Where AMI was off, nobody relies on where it listened: it is opened on loopback only. */
function optionsToSet(address: string): readonly (readonly [name: string, value: string])[] {
  const enabled = ['enabled', 'yes'] as const;
  return loopback.test(address) ? [enabled] : [enabled, ['bindaddr', '127.0.0.1']];
}

function setOptions(
  lines: readonly string[],
  { generalLine, options }: Found,
  wanted: ReturnType<typeof optionsToSet>,
): readonly string[] {
  const edited = [...lines];
  const added: string[] = [];
  for (const [name, value] of wanted) {
    const existing = options.get(name);
    if (existing) edited[existing.line] = `${name} = ${value}`;
    else added.push(`${name} = ${value}`);
  }
  if (generalLine < 0) return ['[general]', ...added, '', ...edited];
  return edited.toSpliced(generalLine + 1, 0, ...added);
}

function notesOn(found: Found): readonly string[] {
  const { isEnabled, address } = listening(found);
  const notes: string[] = [];
  const port = found.options.get('port')?.value ?? '5038';
  if (port !== '5038')
    notes.push(`AMI listens on port ${port}: set port = ${port} under [ami] in sipwarden.toml`);
  if (isEnabled && !loopback.test(address)) {
    notes.push(`AMI listens on ${address || 'every address'}: bindaddr = 127.0.0.1 in manager.conf is safer`);
  }
  return notes;
}
