// Holds who may import whom in src, and shows for each rule that it would notice.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findViolations, type Sources } from './import-rules.ts';

const root = join(import.meta.dirname, '..');

function readSources(): Sources {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

test('the sources keep every rule', () => {
  const sources = readSources();

  expect(findViolations(sources)).toEqual([]);
  expect(Object.keys(sources).length).toBeGreaterThan(30);
  expect(Object.keys(sources)).toEqual(
    expect.arrayContaining(['src/daemon.ts', 'src/sidecar.ts', 'src/cli.ts', 'src/model/time.ts']),
  );
});

describe('a planted violation is found:', () => {
  const module = 'export const x = 1;\n';
  const planted: readonly (readonly [string, Sources, string])[] = [
    [
      'model imports something of ours',
      { 'src/model/a.ts': "import { x } from '../lib/b.ts';", 'src/lib/b.ts': module },
      'layers: src/model/a.ts imports src/lib/b.ts',
    ],
    [
      'a driver imports another driver',
      { 'src/store/a.ts': "import { x } from '../asterisk/b.ts';", 'src/asterisk/b.ts': module },
      'layers: src/store/a.ts imports src/asterisk/b.ts',
    ],
    [
      'a stage imports another stage, if only for a type',
      { 'src/decide/a.ts': "import type { X } from '../detect/b.ts';", 'src/detect/b.ts': module },
      'layers: src/decide/a.ts imports src/detect/b.ts',
    ],
    [
      'a stage re-exports another stage over several lines',
      { 'src/report/a.ts': "export {\n  x,\n} from '../enforce/b.ts';", 'src/enforce/b.ts': module },
      'layers: src/report/a.ts imports src/enforce/b.ts',
    ],
    [
      'a stage imports what joins the stages',
      { 'src/detect/a.ts': "import { x } from '../pipeline.ts';", 'src/pipeline.ts': module },
      'layers: src/detect/a.ts imports src/pipeline.ts',
    ],
    [
      'a sensor imports more of the sidecar than its protocol',
      { 'src/sense/a.ts': "import { x } from '../capture/sip.ts';", 'src/capture/sip.ts': module },
      'layers: src/sense/a.ts imports src/capture/sip.ts',
    ],
    [
      'a detector does input or output',
      { 'src/detect/a.ts': "import { readFile } from 'node:fs/promises';" },
      'pure: src/detect/a.ts imports node:fs/promises',
    ],
    [
      'the daemon loads a parser of packets on a detour',
      {
        'src/daemon.ts': "import { x } from './replay.ts';",
        'src/replay.ts': "const { x } = await import('./capture/sip.ts');",
        'src/capture/sip.ts': module,
      },
      'process: the daemon loads src/capture/sip.ts',
    ],
    [
      'the daemon loads a parser of packets in a thread',
      {
        'src/daemon.ts': "const thread = new Worker(new URL('./capture/sip.ts', import.meta.url));",
        'src/capture/sip.ts': module,
      },
      'process: the daemon loads src/capture/sip.ts',
    ],
    [
      'the command line loads a parser of packets before it knows what for',
      { 'src/cli.ts': "import { x } from './capture/sip.ts';", 'src/capture/sip.ts': module },
      'process: the command line loads src/capture/sip.ts',
    ],
    [
      'the sidecar loads what decides',
      { 'src/sidecar.ts': "import '../src/decide/policy.ts';", 'src/decide/policy.ts': module },
      'process: the sidecar loads src/decide/policy.ts',
    ],
    [
      'commands are run elsewhere',
      { 'src/enforce/a.ts': "import { execa } from 'execa';" },
      'reserved: src/enforce/a.ts imports execa',
    ],
    [
      'commands are run elsewhere without execa',
      { 'src/sense/a.ts': "import { spawn } from 'node:child_process';" },
      'reserved: src/sense/a.ts imports node:child_process',
    ],
    [
      'SQLite is used elsewhere',
      { 'src/report/a.ts': "import { DatabaseSync } from 'node:sqlite';" },
      'reserved: src/report/a.ts imports node:sqlite',
    ],
    [
      'databases of addresses are read elsewhere',
      { 'src/detect/a.ts': "import { Reader } from 'maxmind';" },
      'reserved: src/detect/a.ts imports maxmind',
    ],
    [
      'the environment is read elsewhere',
      { 'src/lib/a.ts': 'const home = process.env.HOME;' },
      'environment: src/lib/a.ts',
    ],
    [
      'the clock is read elsewhere',
      { 'src/detect/a.ts': 'const time = Date.now();' },
      'clock: src/detect/a.ts',
    ],
    [
      'modules import each other',
      { 'src/lib/a.ts': "import { b } from './b.ts';", 'src/lib/b.ts': "import type { A } from './a.ts';" },
      'cycle: src/lib/a.ts > src/lib/b.ts > src/lib/a.ts',
    ],
    [
      'an import leads nowhere',
      { 'src/lib/a.ts': "import { b } from './gone.ts';" },
      'unknown: src/lib/a.ts imports src/lib/gone.ts',
    ],
  ];

  test.each(planted)('%s', (_name, sources, violation) => {
    expect(findViolations(sources)).toEqual([violation]);
  });
});

describe('what the rules allow is not named:', () => {
  const allowed: readonly (readonly [string, Sources])[] = [
    [
      'a sensor imports a driver and the protocol of the sidecar',
      {
        'src/sense/a.ts':
          "import { x } from '../asterisk/b.ts';\nimport { y } from '../capture/protocol.ts';",
        'src/asterisk/b.ts': 'export const x = 1;',
        'src/capture/protocol.ts': 'export const y = 1;',
      },
    ],
    [
      'the daemon starts the sidecar as a program of its own',
      {
        'src/daemon.ts': "const sidecar = new URL('./sidecar.ts', import.meta.url);",
        'src/sidecar.ts': "import './capture/sip.ts';",
        'src/capture/sip.ts': 'export const x = 1;',
      },
    ],
    [
      'the command line loads replay on demand, and a type of a parser never',
      {
        'src/cli.ts':
          "import type { X } from './capture/sip.ts';\nconst { replay } = await import('./replay.ts');",
        'src/replay.ts': "import { x } from './capture/sip.ts';",
        'src/capture/sip.ts': 'export const x = 1;',
      },
    ],
  ];

  test.each(allowed)('%s', (_name, sources) => {
    expect(findViolations(sources)).toEqual([]);
  });
});
