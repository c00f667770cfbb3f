// The signatures of scanners that are in force: those that the program brings along, those of signatures.d/*.toml beside
// the configuration, and the short form in the configuration itself.
import { join } from 'node:path';
import { z } from 'zod';
import { listTomlFiles, type RawTable, readToml } from './config-files.ts';
import { readTable } from './config-options.ts';
import { describeProblems } from './config-problems.ts';
import { signatureFilter } from './detect/scanner-signature.ts';
import {
  mostSignatures,
  nameForm,
  type Signature,
  signatureConfidences,
  signatureFields,
  signatureName,
  signaturePattern,
} from './model/signature.ts';
import type { DetectOptions } from './registry.ts';

const knownScannersFile = join(import.meta.dirname, 'detect/known-scanners.toml');

export interface SignatureFiles {
  /** Without the one that the program brings along. */
  readonly files: readonly string[];
  /** By name; a later file replaces what an earlier one says under the same name. */
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly problems: readonly string[];
}

const entry = z.strictObject({
  field: oneOf(signatureFields),
  pattern: signaturePattern,
  confidence: oneOf(signatureConfidences),
  note: z.string().max(1_000).default(''),
});
/** One table a signature; its heading is the name. */
const signatureFile = z.record(z.string(), entry);

export function readSignatureFiles(directory: string): SignatureFiles {
  const problems: string[] = [];
  const signatures = new Map<string, Signature>();
  const files = listTomlFiles(directory, problems);
  for (const file of [knownScannersFile, ...files]) {
    const table = readToml(file, false, problems);
    if (!table) continue;
    const read = signatureFile.safeParse(table);
    const wrongNames = Object.keys(table).filter((name) => !signatureName.safeParse(name).success);
    problems.push(...wrongNames.map((name) => `${file}: ${JSON.stringify(name.slice(0, 60))}: ${nameForm}`));
    if (!read.success) problems.push(...explain(read.error, file, table));
    else
      for (const [name, { note: _, ...about }] of Object.entries(read.data))
        signatures.set(name, { name, ...about });
  }
  return { files, signatures, problems };
}

function explain(error: z.ZodError, file: string, values: RawTable): readonly string[] {
  const tables = Object.keys(values).map((name) => readTable(name, entry));
  const root = { name: '', description: '', options: [], tables };
  return describeProblems(error, { values, sourceOf: () => file }, root);
}

export function chooseSignatures(
  known: SignatureFiles['signatures'],
  options: DetectOptions['scanner-signature'],
): readonly Signature[] {
  const listed = options.user_agents.map(
    (pattern): Signature => ({ name: pattern, field: 'user-agent', pattern, confidence: 'drop' }),
  );
  const isWanted = signatureFilter(options);
  return [...listed, ...known.values()].filter(({ name }) => isWanted(name));
}

/** What is wrong with the option at a path of the configuration. */
export interface OptionProblem {
  readonly at: readonly PropertyKey[];
  readonly what: string;
}

export function findOptionProblems(
  known: SignatureFiles['signatures'],
  { 'scanner-signature': options, override }: DetectOptions,
): readonly OptionProblem[] {
  const names = new Set(['*', ...known.keys(), ...options.user_agents]);
  const table = ['detect', 'scanner-signature'];
  const problems = findUnknown(options.off, names, table);
  for (const [index, { 'scanner-signature': other }] of override.entries()) {
    const inner = ['detect', 'override', index, 'scanner-signature'];
    problems.push(...findUnknown(other?.off ?? [], names, inner));
    const what = ' is looked for in every request; say it in [detect.scanner-signature]';
    if (other?.user_agents) problems.push({ at: [...inner, 'user_agents'], what });
  }
  const chosen = chooseSignatures(known, options);
  if (chosen.length > mostSignatures || cellsOf(chosen) > cellLimit) {
    const what = ': with signatures.d too many or too long; take some away, or shorten them to "text*"';
    problems.push({ at: [...table, 'user_agents'], what });
  }
  return problems;
}

function findUnknown(
  off: readonly string[],
  names: ReadonlySet<string>,
  table: readonly PropertyKey[],
): OptionProblem[] {
  const problems: OptionProblem[] = [];
  for (const [index, name] of off.entries()) {
    const what = ` = ${JSON.stringify(name)}: there is no signature of that name`;
    if (!names.has(name)) problems.push({ at: [...table, 'off', index], what });
  }
  return problems;
}

/** Of the sidecar's tables, 4 bytes each (src/capture/signature-matcher.ts). */
const cellLimit = 64 * 1024 * 1024;

/** At most so many: a state for each character, a cell in it for each character that occurs. */
function cellsOf(signatures: readonly Signature[]): number {
  const characters = new Set(signatures.flatMap(({ pattern }) => pattern.toLowerCase().split('')));
  const states = signatures.reduce((sum, { pattern }) => sum + pattern.length + 2, 1);
  return states * (characters.size + 3);
}

function oneOf<const Value extends string>(values: readonly Value[]) {
  const error = `expected ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
  return z.enum(values, { error });
}
