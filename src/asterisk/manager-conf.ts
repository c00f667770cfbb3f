// The smallest change to manager.conf that switches AMI on and lets our users be read. Pure; every other byte stays.

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

const pieceName = 'manager.d/sipwarden.conf';
const loopback = /^(127\.|::1$|localhost$)/;

export function enableManager(text: string): ManagerConf {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  const found = findOptions(lines);
  const isEnabled = /^(yes|true|on|y|t|1)$/i.test(found.options.get('enabled')?.value ?? '');
  const address = found.options.get('bindaddr')?.value ?? '';
  const edited = isEnabled ? text : setOptions(lines, found, optionsToSet(address)).join(lineEnd);
  return {
    text: found.isIncluded ? edited : appendLine(edited, `#tryinclude "${pieceName}"`, lineEnd),
    notes: notesOn(found, isEnabled, address),
  };
}

/** True where another program writes manager.conf, so that our change would not last. */
export function isManagedByDistribution(text: string): boolean {
  return /^\s*#(try)?include\s+.*manager_(custom|additional)\.conf/m.test(text);
}

export function definesUser(text: string, user: string): boolean {
  return text.split(/\r?\n/).some((line) => /^\s*\[([^\]]+)\]/.exec(line)?.[1] === user);
}

function findOptions(lines: readonly string[]): Found {
  const options = new Map<string, { line: number; value: string }>();
  let generalLine = -1;
  let isGeneral = false;
  let isComment = false;
  let isIncluded = false;
  for (const [line, text] of lines.entries()) {
    if (text.trimStart().startsWith(';--')) isComment = true;
    if (isComment) {
      isComment = !text.includes('--;');
      continue;
    }
    const section = /^\s*\[([^\]]*)\]/.exec(text)?.[1];
    if (section !== undefined) isGeneral = section.toLowerCase() === 'general';
    if (section !== undefined && isGeneral && generalLine < 0) generalLine = line;
    const option = /^\s*([a-z]+)\s*=>?\s*([^;]*)/i.exec(text);
    if (isGeneral && option) options.set(option[1]!.toLowerCase(), { line, value: option[2]!.trim() });
    if (/^\s*#(try)?include\s+["<]?(\S*\/)?manager\.d\/(\*|sipwarden)\.conf/.test(text)) isIncluded = true;
  }
  return { generalLine, options, isIncluded };
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

function appendLine(text: string, line: string, lineEnd: string): string {
  const separator = text === '' || text.endsWith('\n') ? '' : lineEnd;
  return `${text}${separator}${line}${lineEnd}`;
}

function notesOn({ options }: Found, isEnabled: boolean, address: string): readonly string[] {
  const notes: string[] = [];
  const port = options.get('port')?.value ?? '5038';
  if (port !== '5038')
    notes.push(`AMI listens on port ${port}: set port = ${port} under [ami] in sipwarden.toml`);
  if (isEnabled && !loopback.test(address)) {
    notes.push(`AMI listens on ${address || 'every address'}: bindaddr = 127.0.0.1 in manager.conf is safer`);
  }
  return notes;
}
