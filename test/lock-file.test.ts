// npm writes lock files that `npm ci` refuses, or that bind everybody to one registry's address: neither gets in.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;

/** Looks as Node does: beside the package, then in each folder above. */
function isLocked({ packages }: Lock, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (`${folder}${folder && '/'}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

function findMissing(tree: Lock): readonly string[] {
  return Object.entries(tree.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(tree, path, name))
      .map((name) => `${path || 'the project'} needs ${name}`),
  );
}

function findAddresses({ packages }: Lock): readonly string[] {
  return Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined);
}

test('every optional dependency in the lock has its own entry', () => {
  expect(findMissing(lock)).toEqual([]);
  expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
});

test('the lock names no address of a registry', () => {
  expect(findAddresses(lock)).toEqual([]);
});

test('a missing optional dependency and an address would be found', () => {
  const planted: Lock = {
    packages: {
      '': { optionalDependencies: { a: '1.0.0' } },
      'node_modules/a': { optionalDependencies: { b: '1.0.0', c: '1.0.0' } },
      'node_modules/a/node_modules/b': { optionalDependencies: { d: '1.0.0' } },
      'node_modules/d': { resolved: 'https://registry.example/d.tgz' },
    },
  };

  expect(findMissing(planted)).toEqual(['node_modules/a needs c']);
  expect(findAddresses(planted)).toEqual(['node_modules/d']);
});
