import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { applyPlan, describePlan } from '../../src/asterisk/file-plan.ts';
import { findHepPassword, readHepPassword } from '../../src/asterisk/hep-secret.ts';
import type { SetupPlaces } from '../../src/asterisk/installation.ts';
import { planRemoval, planSetup } from '../../src/asterisk/setup.ts';

let root = '';
let places: SetupPlaces;
const hepConf = () => join(places.etc, 'hep.conf');
const secretFile = () => join(root, 'sipwarden/hep.secret');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sipwarden-hep-setup-'));
  places = {
    etc: join(root, 'asterisk'),
    secretFile: join(root, 'sipwarden/ami.secret'),
    eventsUser: 'sipwarden-events',
    actionsUser: 'sipwarden-actions',
    controlProgram: '/usr/bin/sipwardenctl',
    controlSocket: '/run/sipwarden/asterisk/control.sock',
    hep: { secretFile: join(root, 'sipwarden/hep.secret'), captureAddress: '127.0.0.1:9060' },
  };
  cpSync('fixtures/asterisk-etc/debian-22', places.etc, { recursive: true });
  writeFileSync(hepConf(), '; as Debian has it\n[general]\nenabled = no\n');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('setup of the mirror', () => {
  test('writes hep.conf and the password in it, and says what Asterisk has to be told', async () => {
    const plan = await planSetup(places);
    expect(plan.notes.join()).toContain('module load res_hep_pjsip.so');
    await applyPlan(plan);
    const password = await findHepPassword(secretFile());
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(readFileSync(hepConf(), 'utf8')).toMatch(
      new RegExp(
        `\\[general\\]\\nenabled = yes\\ncapture_address = 127.0.0.1:9060\\ncapture_password = ${password}\\n` +
          'capture_id = 1\\nuuid_type = call-id\\n$',
      ),
    );
    expect([secretFile(), hepConf()].map((path) => statSync(path).mode & 0o777)).toEqual([0o640, 0o640]);
    expect(describePlan(plan)).not.toContain(password);
  });

  test('finds nothing to do the second time, and another address of ours the third', async () => {
    await applyPlan(await planSetup(places));
    const password = await findHepPassword(secretFile());
    expect(describePlan(await planSetup(places))).toBe('Nothing to do.\n');
    places = { ...places, hep: { secretFile: secretFile(), captureAddress: '[::1]:9070' } };
    await applyPlan(await planSetup(places));
    expect(readFileSync(hepConf(), 'utf8')).toContain(
      `capture_address = [::1]:9070\ncapture_password = ${password}\n`,
    );
  });

  test('writes no password where none is wanted', async () => {
    places = { ...places, hep: { secretFile: '', captureAddress: '127.0.0.1:9060' } };
    await applyPlan(await planSetup(places));
    expect(readFileSync(hepConf(), 'utf8')).not.toContain('capture_password');
    expect(await readHepPassword('')).toBeUndefined();
  });

  test('leaves a mirror alone that another program uses, and says so', async () => {
    const theirs = '[general]\nenabled = yes\ncapture_address = 192.0.2.9:9060\n';
    writeFileSync(hepConf(), theirs);
    const plan = await planSetup(places);
    await applyPlan(plan);
    expect(readFileSync(hepConf(), 'utf8')).toBe(theirs);
    expect(plan.notes.join()).toContain('mirrors to another program already');
    expect((await planRemoval(places)).changes.map(({ path }) => path)).not.toContain(hepConf());
  });

  test('is undone byte for byte', async () => {
    const before = readFileSync(hepConf());
    await applyPlan(await planSetup(places));
    const removal = await planRemoval(places);
    await applyPlan(removal);
    expect(readFileSync(hepConf())).toEqual(before);
    expect(await findHepPassword(secretFile())).toBeUndefined();
    expect(removal.notes).toEqual([]);
  });
});

describe('the password of the mirror', () => {
  test('is missed with the command that makes it', async () => {
    await expect(readHepPassword(secretFile())).rejects.toMatchObject({
      code: 'HEP_SECRET_MISSING',
      hint: expect.stringContaining('sipwarden setup'),
    });
  });

  test.each([
    ['HEP_SECRET_PERMISSIONS', 'password = "long enough"', 0o644],
    ['HEP_SECRET_INVALID', 'password = "holds;more"', 0o600],
    ['HEP_SECRET_INVALID', 'password = "short"', 0o600],
    ['HEP_SECRET_INVALID', 'hunter2hunter2', 0o600],
  ])('is refused as %s, and never quoted', async (code, text, mode) => {
    const path = join(root, 'refused.secret');
    writeFileSync(path, text, { mode });
    const error = await readHepPassword(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toMatch(/long enough|holds;more|hunter2/);
  });
});
