// Who may import whom (docs/architecture.md). A function over sources, so that each rule can be shown to bite.
import { stripTypeScriptTypes } from 'node:module';
import { posix } from 'node:path';

/** Path from the project's root to text: `src/model/time.ts`. */
export type Sources = Readonly<Record<string, string>>;

interface Import {
  readonly from: string;
  /** A path of ours, or a package's or built-in module's name. */
  readonly to: string;
  /** Text that only the type checker reads is not loaded; `import()` loads later, or never. */
  readonly loads: 'at-start' | 'on-demand' | 'never';
}

/** Folders of src that the modules of a folder may import besides their own; `asterisk/` stands for all in it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  lib: ['model/'],
  asterisk: ['model/', 'lib/'],
  capture: ['model/', 'lib/'],
  store: ['model/', 'lib/'],
  geoip: ['model/', 'lib/'],
  lists: ['model/', 'lib/'],
  sense: ['model/', 'lib/', 'asterisk/', 'capture/protocol.ts'],
  detect: ['model/', 'lib/'],
  decide: ['model/', 'lib/'],
  enforce: ['model/', 'lib/'],
  launch: ['model/', 'lib/'],
  report: ['model/', 'lib/'],
};

/** Packages and built-in modules that one place alone may use. */
const reserved: Readonly<Record<string, string>> = {
  execa: 'src/lib/run-command.ts',
  'node:child_process': 'src/lib/run-command.ts',
  'node:sqlite': 'src/store/',
  maxmind: 'src/geoip/',
};

/** What a program must never load: parsers of strangers' bytes beside power, or power beside such parsers. */
const programs = [
  { name: 'the daemon', entry: 'src/daemon.ts', never: isParserOfPackets },
  // `sipwarden run` is the daemon in the command line's process.
  { name: 'the command line', entry: 'src/cli.ts', never: isParserOfPackets },
  { name: "the sidecar's starter", entry: 'src/sidecar-starter.ts', never: isPower },
  { name: 'the sidecar', entry: 'src/sidecar.ts', never: isPower },
];

/** The edges that read the clock; everything else is told the time. */
const clockReaders = [
  'src/daemon.ts',
  'src/cli/local-commands.ts',
  'src/capture/findings.ts',
  'src/capture/hep-inspection.ts',
];

export function findViolations(sources: Sources): readonly string[] {
  const imports = Object.entries(sources).flatMap(([path, text]) => readImports(path, text));
  const named = (rule: string, breaks: (each: Import) => boolean) =>
    imports.filter(breaks).map(({ from, to }) => `${rule}: ${from} imports ${to}`);
  return [
    ...named('unknown', ({ to }) => to.startsWith('src/') && !(to in sources)),
    ...named('layers', crossesLayers),
    ...named('pure', ({ from, to }) => from.startsWith('src/detect/') && to.startsWith('node:')),
    ...named('reserved', ({ from, to }) => to in reserved && !from.startsWith(reserved[to]!)),
    ...programs.flatMap(({ name, entry, never }) =>
      [...loadedBy(entry, imports)].filter(never).map((path) => `process: ${name} loads ${path}`),
    ),
    ...Object.entries(sources).flatMap(([path, text]) => findEdges(path, text)),
    ...findCycles(imports),
  ];
}

const statement = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const dynamicImport = /\bimport\(\s*['"]([^'"]+)['"]/g;
const moduleUrl = /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g;

function readImports(from: string, text: string): readonly Import[] {
  // Stripped of types, only what Node loads is left.
  const code = stripTypeScriptTypes(text);
  const loaded = targets(code, statement, from);
  const all = (pattern: RegExp, source: string, loads: Import['loads']) =>
    targets(source, pattern, from).map((to) => ({ from, to, loads }));
  return [
    ...loaded.map((to) => ({ from, to, loads: 'at-start' as const })),
    ...all(statement, text, 'never').filter(({ to }) => !loaded.includes(to)),
    ...all(dynamicImport, code, 'on-demand'),
    // A thread's module runs in its parent's process; a program's module does not.
    ...all(moduleUrl, code, 'at-start').filter(({ to }) => programs.every(({ entry }) => entry !== to)),
  ];
}

function targets(text: string, pattern: RegExp, from: string): readonly string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) =>
    name.startsWith('.') ? posix.join(posix.dirname(from), name) : name,
  );
}

function crossesLayers({ from, to }: Import): boolean {
  const folder = /^src\/([^/]+)\//.exec(from)?.[1] ?? '';
  const allowed = mayImport[folder];
  if (!allowed || !to.startsWith('src/')) return false;
  return ![`${folder}/`, ...allowed].some((prefix) => to.startsWith(`src/${prefix}`));
}

/** The text of a module that runs as soon as the program does, or later in the same process. */
function loadedBy(entry: string, imports: readonly Import[]): ReadonlySet<string> {
  const loaded = new Set<string>([entry]);
  for (const path of loaded) {
    for (const { from, to, loads } of imports) {
      if (from === path && (loads === 'at-start' || (loads === 'on-demand' && entry !== 'src/cli.ts')))
        loaded.add(to);
    }
  }
  return loaded;
}

function isParserOfPackets(path: string): boolean {
  return path.startsWith('src/capture/') && path !== 'src/capture/protocol.ts';
}

function isPower(path: string): boolean {
  return /^src\/(decide|enforce)\//.test(path);
}

function findEdges(path: string, text: string): readonly string[] {
  const violations: string[] = [];
  if (/\bDate\.now\b|\bnew Date\(\)/.test(text) && !clockReaders.includes(path))
    violations.push(`clock: ${path}`);
  if (/\bprocess\.env\b/.test(text) && path !== 'src/config.ts') violations.push(`environment: ${path}`);
  return violations;
}

/** Types included: two files that need each other's words are one concept in two places. */
function findCycles(imports: readonly Import[]): readonly string[] {
  const done = new Set<string>();
  const violations: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      violations.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' > ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const { from, to } of imports) if (from === path) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const { from } of imports) visit(from, []);
  return violations;
}
