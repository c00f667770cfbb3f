import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readAmiSecrets } from '../../src/asterisk/ami-secret.ts';
import { applyPlan, describePlan } from '../../src/asterisk/file-plan.ts';
import type { SetupPlaces } from '../../src/asterisk/installation.ts';
import { planRemoval, planSetup, reloadAsterisk } from '../../src/asterisk/setup.ts';

let root = '';
let places: SetupPlaces;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sipwarden-setup-'));
  places = {
    etc: join(root, 'asterisk'),
    secretFile: join(root, 'sipwarden/ami.secret'),
    eventsUser: 'sipwarden-events',
    actionsUser: 'sipwarden-actions',
    controlProgram: '/opt/sipwarden/bin/sipwardenctl',
    controlSocket: '/run/sipwarden/asterisk/control.sock',
  };
  cpSync('fixtures/asterisk-etc/debian-22', places.etc, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const managerConf = () => join(places.etc, 'manager.conf');
const piece = () => join(places.etc, 'manager.d/sipwarden.conf');
const mode = (path: string) => statSync(path).mode & 0o777;
const off =
  '; mine, in Latin-1: \xe9\r\n[general]\r\nenabled = no\r\nbindaddr = 0.0.0.0\r\n[bob]\r\nsecret = hunter2hunter2';

/** Every file below the root with its bytes, mode and owner. */
function snapshot(): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, name))
    .sort();
  return Object.fromEntries(
    paths.map((path) => {
      const { mode: rights, uid, gid } = statSync(path);
      const bytes = statSync(path).isDirectory() ? '' : readFileSync(path, 'hex');
      return [path, [rights, uid, gid, bytes].join()];
    }),
  );
}

async function setup(): Promise<void> {
  await applyPlan(await planSetup(places));
}

describe('setup on Debian, where AMI is on', () => {
  test('writes the two users and their secrets, and leaves manager.conf alone', async () => {
    const before = readFileSync(managerConf());
    await setup();
    const secrets = await readAmiSecrets(places.secretFile);
    const users = readFileSync(piece(), 'utf8');
    expect(readFileSync(managerConf())).toEqual(before);
    expect(users).toContain(`[sipwarden-events]\nsecret = ${secrets?.events}\n`);
    expect(users).toContain(`[sipwarden-actions]\nsecret = ${secrets?.actions}\n`);
    expect(secrets?.events).not.toBe(secrets?.actions);
    expect(secrets?.events).toMatch(/^[\w-]{32}$/);
    expect([mode(places.secretFile), mode(piece())]).toEqual([0o640, 0o640]);
  });

  test('finds nothing to do the second time', async () => {
    await setup();
    const before = snapshot();
    const plan = await planSetup(places);
    expect(describePlan(plan)).toBe('Nothing to do.\n');
    await applyPlan(plan);
    expect(snapshot()).toEqual(before);
  });

  test('names the users as the configuration does', async () => {
    places = { ...places, eventsUser: 'pbx-reader', actionsUser: 'pbx-actor' };
    await setup();
    expect(readFileSync(piece(), 'utf8').match(/^\[.*\]$/gm)).toEqual(['[pbx-reader]', '[pbx-actor]']);
  });

  test('closes a users file that others could read, and keeps its secrets', async () => {
    await setup();
    const before = readFileSync(piece(), 'utf8');
    chmodSync(piece(), 0o644);
    const plan = await planSetup(places);
    expect(describePlan(plan)).toBe(`${piece()}: mode 0640\n`);
    await applyPlan(plan);
    expect([mode(piece()), readFileSync(piece(), 'utf8')]).toEqual([0o640, before]);
  });

  test('is undone without a trace', async () => {
    const before = snapshot();
    await setup();
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
    expect(describePlan(await planRemoval(places))).toBe('Nothing to do.\n');
  });

  test('gives back a file of somebody else that stood in the way, with its rights', async () => {
    writeFileSync(piece(), '; made by hand\n', { mode: 0o604 });
    chmodSync(piece(), 0o604);
    const before = snapshot();
    await setup();
    await setup();
    expect(mode(piece())).toBe(0o640);
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
  });
});

describe('setup where AMI is off', () => {
  beforeEach(() => {
    writeFileSync(managerConf(), off, 'latin1');
    chmodSync(managerConf(), 0o600);
  });

  test('switches it on for loopback, keeps a backup and every right of the file', async () => {
    await setup();
    expect(readFileSync(managerConf(), 'latin1')).toBe(
      `${off.replace('enabled = no', 'enabled = yes').replace('0.0.0.0', '127.0.0.1')}\r\n#tryinclude "manager.d/sipwarden.conf"\r\n`,
    );
    expect(readFileSync(`${managerConf()}.sipwarden-backup`, 'latin1')).toBe(off);
    expect([mode(managerConf()), mode(`${managerConf()}.sipwarden-backup`)]).toEqual([0o600, 0o600]);
  });

  test('shows every change beforehand, and no secret', async () => {
    const plan = await planSetup(places);
    const text = describePlan(plan);
    const secrets =
      plan.changes.map(({ after = '' }) => /events = "(.*)"/.exec(after)?.[1]).find(Boolean) ?? 'none';
    expect(text).toContain('-enabled = no\n-bindaddr = 0.0.0.0\n+enabled = yes\n+bindaddr = 127.0.0.1\n');
    expect(text).toContain('+#tryinclude "manager.d/sipwarden.conf"\n');
    expect(text).toContain(`Keep a backup as ${managerConf()}.sipwarden-backup\n`);
    expect(text).toContain('+secret = ********\n');
    expect(text).toContain(' secret = ********\n');
    expect(secrets).toMatch(/^[\w-]{32}$/);
    expect(text).not.toContain(secrets);
    expect(text).not.toContain('hunter2');
  });

  test('keeps the first backup when something has to be done again', async () => {
    await setup();
    writeFileSync(
      managerConf(),
      readFileSync(managerConf(), 'latin1').replace('enabled = yes', 'enabled = no'),
      'latin1',
    );
    await setup();
    expect(readFileSync(`${managerConf()}.sipwarden-backup`, 'latin1')).toBe(off);
  });

  test('is undone byte for byte', async () => {
    const before = snapshot();
    await setup();
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
  });

  test('is undone even where the directory of the users had to be made', async () => {
    rmSync(join(places.etc, 'manager.d'), { recursive: true });
    const before = snapshot();
    await setup();
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
  });

  test('is not undone in a file that somebody has changed since; a person is told', async () => {
    await setup();
    writeFileSync(managerConf(), '[general]\nenabled = yes\n; more\n');
    const plan = await planRemoval(places);
    await applyPlan(plan);
    expect(readFileSync(managerConf(), 'utf8')).toBe('[general]\nenabled = yes\n; more\n');
    expect(readFileSync(`${managerConf()}.sipwarden-backup`, 'latin1')).toBe(off);
    expect(plan.notes).toEqual([expect.stringContaining('stays as it is; what it was before is')]);
  });

  test('changes the file that a link points to, not the link', async () => {
    const real = join(root, 'real.conf');
    cpSync(managerConf(), real);
    rmSync(managerConf());
    symlinkSync(real, managerConf());
    await setup();
    expect(readFileSync(real, 'latin1')).toContain('enabled = yes');
    await applyPlan(await planRemoval(places));
    expect(readFileSync(real, 'latin1')).toBe(off);
  });
});

describe('setup beside a program that writes manager.conf (FreePBX, Issabel)', () => {
  const managed =
    '[general]\nenabled = yes\nbindaddr = 0.0.0.0\n[admin]\nsecret = its-own\n#include manager_additional.conf\n#include manager_custom.conf\n';
  const custom = () => join(places.etc, 'manager_custom.conf');
  const users = () => join(root, 'sipwarden/asterisk-manager.conf');
  beforeEach(() => {
    writeFileSync(managerConf(), managed);
    writeFileSync(custom(), '; mine\n[crm]\nsecret = of-the-crm\n');
  });

  test('touches the file for additions alone, and keeps the users where nobody else opens them', async () => {
    const { notes } = await planSetup(places);
    await setup();
    expect(readFileSync(managerConf(), 'utf8')).toBe(managed);
    expect(readFileSync(custom(), 'utf8')).toBe(
      `; mine\n[crm]\nsecret = of-the-crm\n#tryinclude "${users()}"\n`,
    );
    expect(readFileSync(users(), 'utf8')).toContain('[sipwarden-actions]');
    expect([mode(users()), existsSync(piece())]).toEqual([0o640, false]);
    expect(notes).toEqual([
      expect.stringMatching(/^manager.conf is another program's; .*manager_custom.conf takes additions$/),
      expect.stringContaining('AMI listens on 0.0.0.0'),
    ]);
    expect(describePlan(await planSetup(places))).toMatch(/^Nothing to do/);
  });

  test.each(['with', 'without'])('is undone byte for byte %s additions of others', async (kind) => {
    if (kind === 'without') rmSync(custom());
    const before = snapshot();
    await setup();
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
  });

  test('takes its line out alone where others have added something since', async () => {
    await setup();
    appendFileSync(custom(), '[later]\nsecret = of-somebody\n');
    const plan = await planRemoval(places);
    await applyPlan(plan);
    expect(readFileSync(custom(), 'utf8')).toBe(
      '; mine\n[crm]\nsecret = of-the-crm\n[later]\nsecret = of-somebody\n',
    );
    expect(plan.notes).toEqual([expect.stringContaining('their changes stay')]);
  });

  test('says so where AMI is off, which only that program can change', async () => {
    writeFileSync(managerConf(), managed.replace('enabled = yes', 'enabled = no'));
    expect((await planSetup(places)).notes).toContainEqual(expect.stringContaining('AMI is off'));
  });

  test('takes another file for additions where it is named (PBXware, and whatever there is)', async () => {
    places = { ...places, managerFile: 'manager_site.conf' };
    const before = snapshot();
    await setup();
    expect(readFileSync(join(places.etc, 'manager_site.conf'), 'utf8')).toBe(
      '#tryinclude "manager.d/sipwarden.conf"\n',
    );
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
  });

  test('refuses where a user of that name is among the additions', async () => {
    writeFileSync(custom(), '[sipwarden-events]\nsecret = x\n');
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'SETUP_USER_EXISTS' });
  });
});

describe("setup of Asterisk's command line", () => {
  const aliases = () => join(places.etc, 'cli_aliases.conf');
  const friendly =
    '[general]\n;template = old\ntemplate = friendly ; by default\n\n[friendly]\nhelp=core show help\n';

  test('names its words beside those that are there', async () => {
    writeFileSync(aliases(), friendly);
    await setup();
    expect(readFileSync(aliases(), 'utf8')).toBe(
      `${friendly.replace('[general]\n', '[general]\ntemplate = sipwarden\n')}#tryinclude "sipwarden_cli_aliases.conf"\n`,
    );
    const own = readFileSync(join(places.etc, 'sipwarden_cli_aliases.conf'), 'utf8');
    expect(own).toContain(
      '\nsipwarden ban = dialplan eval function "SHELL(/opt/sipwarden/bin/sipwardenctl --socket /run/sipwarden/asterisk/control.sock ban\n',
    );
    expect(describePlan(await planSetup(places))).toBe('Nothing to do.\n');
  });

  test('is undone byte for byte, and where others changed the file its own lines alone go', async () => {
    writeFileSync(aliases(), friendly);
    const before = snapshot();
    await setup();
    await applyPlan(await planRemoval(places));
    expect(snapshot()).toEqual(before);
    await setup();
    appendFileSync(aliases(), 'reload=module reload\n');
    await applyPlan(await planRemoval(places));
    expect(readFileSync(aliases(), 'utf8')).toBe(`${friendly}reload=module reload\n`);
  });

  test('takes its lines out of a file that it made and that others have added to', async () => {
    await setup();
    appendFileSync(aliases(), '[mine]\nx = core show help\n');
    const { notes, ...plan } = await planRemoval(places);
    await applyPlan({ notes, ...plan });
    expect(readFileSync(aliases(), 'utf8')).toBe('[general]\n[mine]\nx = core show help\n');
    expect(notes).toEqual([expect.stringContaining('their changes stay')]);
  });

  test('is not undone where it was never made: an empty file of somebody else stays', async () => {
    writeFileSync(aliases(), '');
    expect(describePlan(await planRemoval(places))).toBe('Nothing to do.\n');
  });

  test('refuses a program whose path would mean something to a shell', async () => {
    places = { ...places, controlProgram: '/opt/my pbx/$(id)/sipwardenctl' };
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'SETUP_PATH' });
  });
});

test('the actions login may run console commands only where that is asked for', async () => {
  await setup();
  expect(readFileSync(piece(), 'utf8')).toContain('\nwrite = system,user,reporting\n');
  places = { ...places, withCommand: true };
  await setup();
  expect(readFileSync(piece(), 'utf8')).toContain('\nwrite = system,user,reporting,command\n');
});

describe('setup refuses', () => {
  test('a machine without Asterisk', async () => {
    rmSync(managerConf());
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'SETUP_NO_ASTERISK' });
  });

  test('a manager.conf that another program writes and that names no file for additions', async () => {
    writeFileSync(managerConf(), '[general]\nenabled = yes\n#include manager_additional.conf\n');
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'SETUP_NOT_PLAIN_ASTERISK' });
  });

  test('a user that is there already', async () => {
    writeFileSync(managerConf(), '[general]\nenabled = yes\n[sipwarden-actions]\nsecret = x\n');
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'SETUP_USER_EXISTS' });
  });

  test('to reuse a secret file that others can read', async () => {
    await setup();
    chmodSync(places.secretFile, 0o644);
    await expect(planSetup(places)).rejects.toMatchObject({ code: 'AMI_SECRET_PERMISSIONS' });
  });
});

test('where a file cannot be written, none is', async () => {
  writeFileSync(managerConf(), off, 'latin1');
  const plan = await planSetup(places);
  rmSync(join(places.etc, 'manager.d'), { recursive: true });
  writeFileSync(join(places.etc, 'manager.d'), 'a file where a directory belongs');
  const before = snapshot();
  await expect(applyPlan(plan)).rejects.toMatchObject({ code: 'SETUP_WRITE_FAILED' });
  expect(snapshot()).toEqual(before);
});

describe('the reload', () => {
  const fake = (script: string): readonly string[] => {
    const path = join(root, 'asterisk.sh');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return [path, '-C', '/x.conf'];
  };

  test('is one command for each file, as arguments', async () => {
    const out = join(root, 'arguments');
    const command = fake(`printf '%s|' "$@" >> ${out}`);
    expect(await reloadAsterisk(places, command)).toMatchObject({ isReloaded: true });
    expect(readFileSync(out, 'utf8')).toBe(
      ['manager reload', 'module unload res_clialiases.so', 'module load res_clialiases.so']
        .map((command) => `-C|/x.conf|-rx|${command}|`)
        .join(''),
    );
  });

  test('says so where Asterisk is not running', async () => {
    const answer = await reloadAsterisk(places, fake('echo "Unable to connect to remote asterisk"; exit 1'));
    expect(answer).toEqual({
      isReloaded: false,
      detail: expect.stringMatching(/is not running.*Unable to connect/),
    });
  });

  test('says so where there is no such program', async () => {
    const answer = await reloadAsterisk(places, [join(root, 'none')]);
    expect(answer).toEqual({ isReloaded: false, detail: expect.stringMatching(/there is no program/) });
  });
});
