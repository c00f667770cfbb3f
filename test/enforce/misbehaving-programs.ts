// Firewall programs that work, fail, hang or babble, as the test last said: real programs that come first on the PATH.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/lib/run-command.ts';

export const programs = [
  'ipset',
  'iptables-save',
  'iptables-restore',
  'ip6tables-save',
  'ip6tables-restore',
  'nft',
] as const;
export type Program = (typeof programs)[number];

const manners = {
  works: 'exec "$real" "$@"',
  fails: 'echo "it does not want to" >&2; exit 4',
  hangs: 'exec sleep 600',
  babbles: 'echo "la la la"; echo "typename la is unknown" >&2; exit 0',
  'stops half way': 'head -c 200 > "$0.$$"; exec "$real" "$@" < "$0.$$"',
} as const;
export type Manner = keyof typeof manners;
export const badManners = Object.keys(manners).filter((manner) => manner !== 'works') as readonly Manner[];

export interface MisbehavingPrograms {
  /** To be put before a command. */
  readonly prefix: readonly string[];
  behave(manner: Manner, some?: readonly Program[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createMisbehavingPrograms(): Promise<MisbehavingPrograms> {
  const folder = await mkdtemp(join(tmpdir(), 'sipwarden-programs-'));
  const behave = async (manner: Manner, some: readonly Program[] = programs) => {
    for (const program of some) {
      await writeFile(join(folder, 'next'), manner);
      await rename(join(folder, 'next'), join(folder, `${program}.manner`));
    }
  };
  await behave('works');
  for (const program of programs) {
    const { stdout } = await runCommand('which', [program]);
    const cases = Object.entries(manners).map(([manner, act]) => `'${manner}') ${act};;`);
    const script = [
      '#!/bin/sh',
      `real=${stdout.trim()}`,
      `case "$(cat ${folder}/${program}.manner)" in`,
      ...cases,
      'esac',
      '',
    ];
    await writeFile(join(folder, program), script.join('\n'), { mode: 0o755 });
  }
  return {
    prefix: ['env', `PATH=${folder}:${process.env.PATH}`],
    behave,
    remove: () => rm(folder, { recursive: true }),
  };
}
