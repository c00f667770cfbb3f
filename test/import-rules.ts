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
  sense: ['model/', 'lib/', 'asterisk/', 'capture/protocol.ts'],
  detect: ['model/', 'lib/'],
  decide: ['model/', 'lib/'],
  enforce: ['model/', 'lib/'],
  report: ['model/', 'lib/'],
};

/** Packages and built-in modules that one place alone may use. */
const reserved: Readonly<Record<string, string>> = {
  execa: 'src/lib/run-command.ts',
  'node:child_process': 'src/lib/run-command.ts',
  'node:sqlite': 'src/store/',
  'smol-toml': 'src/config',
};

/** What a process must never load: parsers of foreign bytes beside power, or power beside parsers. */
const processes = [
  {
    program: 'the daemon',
    entries: ['src/daemon.ts'],
    never: (path: string) => path.startsWith('src/capture/') && path !== 'src/capture/protocol.ts',
  },
  {
    program: 'the sidecar',
    entries: ['src/sidecar.ts'],
    never: (path: string) => /^src\/(decide|enforce)\//.test(path),
  },
];

/** Where the clock is read; everything else is told the time. */
const clockReaders: readonly string[] = [];

export function findViolations(sources: Sources): readonly string[] {
  const imports = Object.entries(sources).flatMap(([path, text]) => readImports(path, text));
  return [
    ...imports.filter(({ to }) => to.startsWith('src/') && !(to in sources)).map((each) => `missing: ${show(each)}`),
    ...imports.filter(crossesLayers).map((each) => `layers: ${show(each)}`),
    ...imports.filter(isReserved).map((each) => `reserved: ${show(each)}`),
    ...processes.flatMap(({ program, entries, never }) =>
      [...reach(entries, imports)].filter(never).map((path) => `process: ${program} loads ${path}`),
    ),
    ...findImpurities(sources),
    ...findCycles(imports),
  ];
}
