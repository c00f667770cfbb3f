// The options of a schema as a tree of tables, for the reference and for error messages. Reads schemas, never values.
import type { z } from 'zod';

export interface ConfigOption {
  readonly name: string;
  readonly description: string;
  /** What it takes, in a person's words. */
  readonly takes: string;
  /** As a person writes it; undefined where there is none. */
  readonly defaultValue: unknown;
  readonly isSecret: boolean;
}

export interface ConfigTable {
  readonly name: string;
  readonly description: string;
  readonly options: readonly ConfigOption[];
  readonly tables: readonly ConfigTable[];
}

export function readTable(name: string, schema: z.ZodType): ConfigTable {
  const { inner, description } = unwrap(schema);
  if (inner.def.type !== 'object') throw new TypeError(`the schema of ${name} is not an object`);
  const entries = Object.entries(inner.def.shape as Record<string, z.ZodType>);
  const isTable = ([, member]: [string, z.ZodType]) => unwrap(member).inner.def.type === 'object';
  return {
    name,
    description,
    options: entries.filter((entry) => !isTable(entry)).map(([key, member]) => readOption(key, member)),
    tables: entries.filter(isTable).map(([key, member]) => readTable(key, member)),
  };
}

/** The option or table at a path, or the last one on the way to it (a path may lead into a list's member). */
export function findOption(table: ConfigTable, path: readonly PropertyKey[]): ConfigOption | ConfigTable {
  const [key, ...rest] = path;
  const inner = table.tables.find(({ name }) => name === key);
  if (inner) return findOption(inner, rest);
  // A member of [[detect.override]] holds tables as [detect] does.
  const [, below] = rest;
  if (typeof rest[0] === 'number' && table.tables.some(({ name }) => name === below)) {
    return findOption(table, rest.slice(1));
  }
  return table.options.find(({ name }) => name === key) ?? table;
}

function readOption(name: string, schema: z.ZodType): ConfigOption {
  const { inner, description, defaultValue, meta } = unwrap(schema);
  const takes = typeof meta.takes === 'string' ? meta.takes : takesOf(inner);
  return { name, description, takes, defaultValue, isSecret: meta.secret === true };
}

/** zod's own introspection interface; only what is read here. */
interface Introspected {
  readonly def: {
    readonly type: string;
    readonly innerType?: z.ZodType;
    readonly in?: z.ZodType;
    readonly element?: z.ZodType;
    readonly options?: readonly z.ZodType[];
    readonly entries?: Readonly<Record<string, string>>;
    readonly shape?: unknown;
    readonly defaultValue?: unknown;
  };
  readonly isInt?: boolean;
  readonly minValue?: number | null;
  readonly maxValue?: number | null;
  readonly minLength?: number | null;
  readonly maxLength?: number | null;
}

/** Peels defaults and transformations off; what the outer layers say wins. */
function unwrap(schema: z.ZodType) {
  let inner = schema as z.ZodType & Introspected;
  let meta: Record<string, unknown> = {};
  let defaultValue: unknown;
  for (;;) {
    meta = { ...inner.meta(), ...meta };
    defaultValue ??= inner.def.defaultValue;
    const next = inner.def.innerType ?? inner.def.in;
    if (!next) return { inner, meta, defaultValue, description: String(meta.description ?? '') };
    inner = next as z.ZodType & Introspected;
  }
}

function takesOf(schema: Introspected): string {
  const { type, element, options, entries } = schema.def;
  switch (type) {
    case 'boolean':
      return 'true or false';
    case 'number':
      return `a ${schema.isInt ? 'whole ' : ''}number${boundsOf(schema.minValue, schema.maxValue)}`;
    case 'enum':
      return Object.values(entries ?? {})
        .map((value) => `"${value}"`)
        .join(' or ');
    case 'array':
      return `a list; each of its values is ${element ? takesOf(unwrap(element).inner) : 'text'}`;
    case 'union':
      return (options ?? []).map((option) => takesOf(unwrap(option).inner)).join(' or ');
    case 'record':
      return 'a table';
    default:
      return `text${lengthOf(schema)}`;
  }
}

function boundsOf(least?: number | null, most?: number | null): string {
  const from = Number.isSafeInteger(least) && least !== Number.MIN_SAFE_INTEGER ? ` from ${least}` : '';
  const to = Number.isSafeInteger(most) && most !== Number.MAX_SAFE_INTEGER ? ` to ${most}` : '';
  return from + to;
}

function lengthOf({ minLength, maxLength }: Introspected): string {
  const bounds = boundsOf(minLength, maxLength);
  return bounds && ` (characters:${bounds})`;
}
