import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAclPiece } from '../../src/asterisk/acl-setup.ts';
import { applyPlan, describePlan } from '../../src/asterisk/file-plan.ts';

let etc = '';
beforeEach(() => {
  etc = mkdtempSync(join(tmpdir(), 'sipwarden-acl-setup-'));
});
afterEach(() => rmSync(etc, { recursive: true }));

const piece = (changed: object = {}) =>
  createAclPiece(
    { etc, section: 'sipwarden', file: '/var/lib/sipwarden-acl/acl.conf', isEnabled: true, ...changed },
    async () => ({ gid: process.getgid!() }),
  );
const write = (name: string, text: string) => writeFileSync(join(etc, name), text, 'latin1');
const read = (name: string) => readFileSync(join(etc, name), 'latin1');
const mine = '; mine, in Latin-1: \xe9\r\n[office]\r\npermit = 192.0.2.0/24';

describe('setup of the ACL', () => {
  test('adds a section that refuses nobody and includes our file, then the one that asks it', async () => {
    write('acl.conf', '[office]\npermit = 192.0.2.0/24\n');
    write('pjsip.conf', '[100]\ntype = endpoint\n');
    await applyPlan(await piece().plan());
    expect(read('acl.conf')).toMatch(
      /^\[office\]\n.*\n; .*\n\[sipwarden\]\n; .*\ndeny = 192\.0\.2\.255\/32\n#tryinclude "\/var\/lib\/sipwarden-acl\/acl\.conf"\n$/,
    );
    expect(read('pjsip.conf')).toMatch(
      /^\[100\]\ntype = endpoint\n; .*\n\[sipwarden-acl\]\ntype = acl\nacl = sipwarden\n$/,
    );
    expect(describePlan(await piece().plan())).toBe('Nothing to do.\n');
  });

  test.each([mine, `${mine}\r\n`, ''])('is undone byte for byte: %j', async (text) => {
    write('acl.conf', text);
    write('pjsip.conf', mine);
    await applyPlan(await piece().plan());
    expect(read('pjsip.conf')).not.toMatch(/[^\r]\n/);
    await applyPlan(await piece().removal());
    expect([read('acl.conf'), read('pjsip.conf')]).toEqual([text, mine]);
    expect((await piece().removal()).changes).toEqual([]);
  });

  test('removes an acl.conf that was not there before', async () => {
    write('pjsip.conf', '');
    await applyPlan(await piece().plan());
    await applyPlan(await piece().removal());
    expect(() => read('acl.conf')).toThrow('ENOENT');
  });

  test('follows the file to another place, and is undone from there, too', async () => {
    const text = `${mine}\r\n`;
    write('acl.conf', text);
    write('pjsip.conf', text);
    await applyPlan(await piece().plan());
    await applyPlan(await piece({ file: '/srv/acl.conf' }).plan());
    expect(read('acl.conf').match(/#tryinclude.*/g)).toEqual(['#tryinclude "/srv/acl.conf"']);
    await applyPlan(await piece().removal());
    expect(read('acl.conf')).toBe(text);
  });

  test('takes out what is ours, where others have changed the file since', async () => {
    write('acl.conf', '');
    write('pjsip.conf', '[100]\n');
    await applyPlan(await piece().plan());
    write('pjsip.conf', `${read('pjsip.conf')}[101]\n`);
    await applyPlan(await piece().removal());
    expect(read('pjsip.conf')).toBe('[100]\n[101]\n');
  });

  test('never touches a section of that name that is somebody else’s', async () => {
    write('acl.conf', '[sipwarden]\npermit = 192.0.2.0/24\n');
    write('pjsip.conf', '');
    await expect(piece().plan()).rejects.toMatchObject({ code: 'SETUP_ACL_EXISTS' });
    expect((await piece({ section: 'other' }).plan()).changes).not.toEqual([]);
  });

  test('leaves a pjsip.conf that another program writes, and uses what it includes', async () => {
    write('acl.conf', mine);
    write('pjsip.conf', '#include pjsip.transports.conf\n#include pjsip_custom.conf\n');
    const before = read('pjsip.conf');
    await applyPlan(await piece().plan());
    expect(read('pjsip.conf')).toBe(before);
    expect(read('pjsip_custom.conf')).toMatch(/\[sipwarden-acl\]\ntype = acl\n/);
    const orders: string[] = [];
    await applyPlan(await piece().removal(), async (order) => {
      orders.push(order);
      // Nobody asks an ACL that is gone: then Asterisk would refuse everybody.
      if (order === 'module reload acl') expect(() => read('pjsip_custom.conf')).toThrow('ENOENT');
      else expect(read('acl.conf')).toContain('[sipwarden]');
    });
    expect(orders).toEqual(['module reload res_pjsip.so', 'module reload acl']);
    expect(() => read('pjsip_custom.conf')).toThrow('ENOENT');
  });

  test('does nothing without PJSIP, and says how it is switched on where it is off', async () => {
    expect((await piece().plan()).changes).toEqual([]);
    write('pjsip.conf', '');
    expect((await piece({ isEnabled: false }).plan()).notes.join()).toMatch(
      /\[asterisk_acl\] enabled = true/,
    );
  });
});
