// Writes the annotated sipwarden.toml: every option, what it takes, its default. Loading it changes nothing.
import { stringify } from 'smol-toml';
import { type ConfigOption, type ConfigTable, readTable } from './config-options.ts';
import { configSchema } from './config-schema.ts';

const lineWidth = 100;
const introduction = `The configuration of sipwarden, with every option and its default. Made by "npm run config-reference".

Lines that begin with "#" and a name are defaults: take the "#" away to change one. Pieces in conf.d/*.toml beside this file are read after it, sorted by name, and win; tables are merged, lists are replaced. A changed file applies at once; a wrong one is refused, and the old settings stay. "sipwarden check-config" says what is wrong. Durations are written as 90s, 10m, 1h, 7d, 2w.`;

export function writeConfigReference(): string {
  const root = readTable('', configSchema);
  const parts = [comment(introduction), ...root.options.map(writeOption)];
  return `${[...parts, ...root.tables.flatMap((table) => writeTable(table, []))].join('\n\n')}\n`;
}

function writeTable(table: ConfigTable, above: readonly string[]): string[] {
  const path = [...above, table.name];
  const heading = `${comment(table.description)}\n[${path.join('.')}]`;
  return [
    heading,
    ...table.options.map(writeOption),
    ...table.tables.flatMap((one) => writeTable(one, path)),
  ];
}

function writeOption({ name, description, takes, defaultValue }: ConfigOption): string {
  const text = comment(`${description}\nTakes ${takes}.`);
  if (defaultValue === undefined) return `${text}\n# ${name} has no default.`;
  return `${text}\n#${name} = ${writeValue(defaultValue)}`;
}

/** A list too long for one line has one value a line, each behind its own "#". */
function writeValue(value: unknown): string {
  const line = stringify({ value }).trim().replace('value = ', '');
  if (!Array.isArray(value) || line.length <= lineWidth) return line;
  return `[\n${value.map((one) => `#  ${stringify({ one }).trim().replace('one = ', '')},`).join('\n')}\n#]`;
}

function comment(text: string): string {
  return text
    .split('\n')
    .map((paragraph) => `# ${wrap(paragraph).join('\n# ')}`.trimEnd())
    .join('\n');
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line && line.length + word.length >= lineWidth) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}
