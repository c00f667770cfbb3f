// Files change hands as root, in folders where a stranger may have been.
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { handOverFolder, shareWithGroup } from '../../src/launch/ownership.ts';
import { describeWhere } from '../prerequisites.ts';

const daemon = { uid: 64_999, gid: 64_998 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipwarden-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function ownerOf(path: string) {
  const { uid, gid, mode } = statSync(path);
  return { uid, gid, mode: mode & 0o7777 };
}

describeWhere(['root'], 'a folder', () => {
  const isOurs = (name: string) => name.startsWith('ours');
  const handOver = (path: string) => handOverFolder(path, { ...daemon, mode: 0o2750 }, isOurs);

  test('is made with its parents, which stay with root', () => {
    const path = join(folder, 'lib/sipwarden');
    handOver(path);
    expect(ownerOf(path)).toEqual({ ...daemon, mode: 0o2750 });
    expect(ownerOf(join(folder, 'lib'))).toMatchObject({ uid: 0, gid: 0 });
  });

  test('changes hands with its files, and these keep their mode', () => {
    const path = join(folder, 'there');
    mkdirSync(path);
    writeFileSync(join(path, 'ours.db'), '', { mode: 0o600 });
    handOver(path);
    expect(ownerOf(path)).toEqual({ ...daemon, mode: 0o2750 });
    expect(ownerOf(join(path, 'ours.db'))).toEqual({ ...daemon, mode: 0o600 });
  });

  test('stays as it is where something of others is in it', () => {
    const path = join(folder, 'there');
    mkdirSync(path, { mode: 0o755 });
    for (const name of ['ours.db', 'theirs']) writeFileSync(join(path, name), '');
    expect(handOver(path)).toBe(false);
    for (const each of [path, join(path, 'ours.db')]) expect(ownerOf(each)).toMatchObject({ uid: 0, gid: 0 });
  });

  test('may hold something of others once it has changed hands, and they keep that', () => {
    const path = join(folder, 'there');
    expect(handOver(path)).toBe(true);
    for (const name of ['ours.db', 'theirs']) writeFileSync(join(path, name), '');
    expect(handOver(path)).toBe(true);
    expect(ownerOf(join(path, 'ours.db'))).toMatchObject(daemon);
    expect(ownerOf(join(path, 'theirs'))).toMatchObject({ uid: 0 });
  });

  test('stays as it is where it is a symbolic link or no folder at all', () => {
    const [target = '', link = '', file = ''] = ['target', 'link', 'file'].map((name) => join(folder, name));
    mkdirSync(target);
    symlinkSync(target, link);
    writeFileSync(file, '');
    for (const path of [link, file]) handOver(path);
    for (const path of [target, file]) expect(ownerOf(path)).toMatchObject({ uid: 0, gid: 0 });
    expect(lstatSync(link).uid).toBe(0);
  });

  test('gives away no file behind a symbolic or a hard link in it', () => {
    const [path = '', foreign = ''] = ['there', 'foreign'].map((name) => join(folder, name));
    mkdirSync(path);
    writeFileSync(foreign, '');
    symlinkSync(foreign, join(path, 'ours-link'));
    linkSync(foreign, join(path, 'ours-hard'));
    handOver(path);
    expect(ownerOf(path)).toMatchObject(daemon);
    expect(ownerOf(foreign)).toMatchObject({ uid: 0, gid: 0 });
  });
});

describeWhere(['root'], 'a file for a group to read', () => {
  const make = (mode: number, gid = 0, uid = 0) => {
    const path = join(folder, 'secret');
    writeFileSync(path, '');
    chownSync(path, uid, gid);
    chmodSync(path, mode);
    return path;
  };

  test.each([0o600, 0o640])('is given to it where it is root’s alone, with the mode %o', (mode) => {
    const path = make(mode);
    shareWithGroup(path, daemon.gid);
    expect(ownerOf(path)).toEqual({ uid: 0, gid: daemon.gid, mode: 0o640 });
  });

  test.each([
    ['another group may read', 0o640, 7, 0],
    ['another user owns', 0o600, 0, 7],
    ['everybody may read', 0o644, 0, 0],
  ])('stays as it is where %s', (_, mode, gid, uid) => {
    const path = make(mode, gid, uid);
    shareWithGroup(path, daemon.gid);
    expect(ownerOf(path)).toEqual({ uid, gid, mode });
  });

  test('stays as it is behind a link', () => {
    const path = make(0o600);
    const [link = '', hard = ''] = ['link', 'hard'].map((name) => join(folder, name));
    symlinkSync(path, link);
    shareWithGroup(link, daemon.gid);
    linkSync(path, hard);
    shareWithGroup(hard, daemon.gid);
    expect(ownerOf(path)).toEqual({ uid: 0, gid: 0, mode: 0o600 });
  });

  test('is made only where that is asked', () => {
    const [none = '', lock = ''] = ['none', 'lock'].map((name) => join(folder, name));
    shareWithGroup(none, daemon.gid);
    expect(() => statSync(none)).toThrow('ENOENT');
    shareWithGroup(lock, daemon.gid, { isMade: true });
    expect(ownerOf(lock)).toEqual({ uid: 0, gid: daemon.gid, mode: 0o640 });
  });
});
