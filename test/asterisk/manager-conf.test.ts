import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { definesUser, enableManager, isManagedByDistribution } from '../../src/asterisk/manager-conf.ts';

const include = '#include "manager.d/*.conf"\n';

describe('manager.conf', () => {
  test('stays as it is where AMI is on and the directory is included', () => {
    const text = `[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.1\n${include}`;
    expect(enableManager(text)).toEqual({ text, notes: [] });
  });

  test('is switched on, on loopback, whatever it was bound to while it was off', () => {
    expect(enableManager(`[general]\nenabled = no ; off\nbindaddr = 0.0.0.0\n${include}`).text).toBe(
      `[general]\nenabled = yes\nbindaddr = 127.0.0.1\n${include}`,
    );
  });

  test('gets what it lacks at the top of its section, and an include that may be missing', () => {
    expect(enableManager('[general]\nport=5038\n[bob]\nsecret=x').text).toBe(
      '[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport=5038\n[bob]\nsecret=x\n#tryinclude "manager.d/sipwarden.conf"\n',
    );
  });

  test('gets a section where it is empty', () => {
    expect(enableManager('').text).toBe(
      '[general]\nenabled = yes\nbindaddr = 127.0.0.1\n\n#tryinclude "manager.d/sipwarden.conf"\n',
    );
  });

  test('keeps its line ends', () => {
    expect(enableManager('[general]\r\nenabled = no\r\n').text).toBe(
      '[general]\r\nenabled = yes\r\nbindaddr = 127.0.0.1\r\n#tryinclude "manager.d/sipwarden.conf"\r\n'.replace(
        'enabled = yes\r\nbindaddr = 127.0.0.1',
        'bindaddr = 127.0.0.1\r\nenabled = yes',
      ),
    );
  });

  test('is read as Asterisk reads it: the last value counts, comments and other sections do not', () => {
    const text = `;--\n[general]\nenabled = no\n--;\n[general]\nenabled = no\nenabled=>on ; x\nbindaddr=127.0.0.1\n;enabled=no\n[bob]\nenabled = no\n${include}`;
    expect(enableManager(text).text).toBe(text);
  });

  test('is not touched where it is on for the network; a person is told', () => {
    const text = `[general]\nenabled = yes\nport = 5039\n${include}`;
    const { text: after, notes } = enableManager(text);
    expect(after).toBe(text);
    expect(notes).toEqual([
      'AMI listens on port 5039: set port = 5039 under [ami] in sipwarden.toml',
      'AMI listens on every address: bindaddr = 127.0.0.1 in manager.conf is safer',
    ]);
  });

  test.each([
    '#include "manager.d/*.conf"',
    '#include manager.d/*.conf',
    '#tryinclude "/etc/asterisk/manager.d/sipwarden.conf"',
    ' #include </etc/asterisk/manager.d/*.conf>',
  ])('knows the include %s', (line) => {
    const text = `[general]\nenabled = yes\nbindaddr = 127.0.0.1\n${line}\n`;
    expect(enableManager(text).text).toBe(text);
  });

  test('takes no comment for an include', () => {
    expect(enableManager(`[general]\nenabled = yes\n;${include}`).text).toMatch(
      /#tryinclude "manager.d\/sipwarden.conf"\n$/,
    );
  });

  test('of FreePBX is known by what it includes', () => {
    expect(isManagedByDistribution('[general]\n#include manager_additional.conf\n')).toBe(true);
    expect(isManagedByDistribution(`[general]\n${include}`)).toBe(false);
  });

  test('shows whether a user is in it', () => {
    expect(definesUser('[general]\n [bob](+)\n', 'bob')).toBe(true);
    expect(definesUser('; [bob]\n', 'bob')).toBe(false);
  });

  test('changed once needs no second change, whatever it was', () => {
    const line = fc.constantFrom(
      '[general]',
      '[bob]',
      'enabled = no',
      'enabled=yes',
      'bindaddr=0.0.0.0',
      ';--',
      '--;',
      '',
      ' x',
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, lineEnd) => {
        const { text } = enableManager(
          `[general]${lineEnd}${lines.filter((each) => each !== ';--').join(lineEnd)}`,
        );
        expect(enableManager(text).text).toBe(text);
      }),
    );
  });
});
