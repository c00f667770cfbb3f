import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileAnswer, readFileRequest } from '../../src/capture/tftp.ts';
import { foreignTextLimit } from '../../src/model/observation.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('a request for a file', () => {
  test.each([
    ['\0\u0001000413aabbcc.cfg\0octet\0', '000413aabbcc.cfg'],
    ['\0\u0001dir/a.cfg\0octet\0tsize\x000\0blksize\x001428\0', 'dir/a.cfg'],
    ['\0\u0001a\0', 'a'],
    ['\0\u0001a\x1b[2J\u202eb\0octet\0', 'a[2J.b'],
  ])('%j asks for %j', (text, file) => {
    expect(readFileRequest(bytes(text))).toBe(file);
  });

  test.each([
    ['nothing', ''],
    ['cut before the name', '\0\u0001'],
    ['without a name', '\0\u0001\0octet\0'],
    ['of a name that does not end', '\0\u0001abcdef'],
    ['of a name that is too long', `\0\u0001${'a'.repeat(513)}\0octet\0`],
    ['to write', '\0\u0002a.cfg\0octet\0'],
    ['of SIP', 'OPTIONS sip:x SIP/2.0\r\n\r\n'],
  ])('is not what is %s', (_, text) => {
    expect(readFileRequest(bytes(text))).toBeUndefined();
  });

  test('gives a name that is cut and clean, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (tail) => {
        const file = readFileRequest(Buffer.concat([bytes('\0\u0001'), tail]));
        expect(file ?? '').not.toMatch(/\p{Cc}/u);
        expect((file ?? '').length).toBeLessThanOrEqual(foreignTextLimit);
      }),
    );
  });
});

test.each([
  ['\0\u0003\0\u0001secret', 'served'],
  ['\0\u0003\0\u0001', 'served'],
  ['\0\u0006tsize\x0042\0', 'served'],
  ['\0\u0005\0\u0001File not found\0', 'missing'],
  ['\0\u0005\0\u0002Access violation\0', undefined],
  ['\0\u0003\0\u0002later', undefined],
  ['\0\u0004\0\u0001', undefined],
  ['\0\u0005\0', undefined],
  ['', undefined],
])('the answer %j says: %j', (text, answer) => {
  expect(readFileAnswer(bytes(text))).toBe(answer);
});
