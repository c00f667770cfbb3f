import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCsv, writeCsv } from '../../src/lists/csv.ts';
import type { ListRow } from '../../src/lists/list-row.ts';
import type { ListEntry } from '../../src/model/list-entry.ts';

const now = Date.UTC(2026, 10, 24);

async function read(text: string): Promise<ListRow[]> {
  const rows: ListRow[] = [];
  for await (const row of readCsv(text, now)) rows.push(row);
  return rows;
}

const entry = (target: string, more: Partial<ListEntry> = {}): ListEntry => ({
  target,
  note: '',
  author: 'root',
  time: now,
  ...more,
});

describe('a list as CSV', () => {
  test('has a header, CR LF, and quotes where they are needed', () => {
    expect(writeCsv([entry('192.0.2.1', { note: 'the "old" office, Berlin', until: now + 1_000 })])).toBe(
      [
        'address,note,author,time,until',
        '192.0.2.1,"the ""old"" office, Berlin",root,2026-11-24T00:00:00.000Z,2026-11-24T00:00:01.000Z',
        '',
      ].join('\r\n'),
    );
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', "'=1", '＝1'])(
    'does not let a spreadsheet calculate the note %j, and gives it back',
    async (note) => {
      const text = writeCsv([entry('192.0.2.1', { note })]);
      expect(text).not.toMatch(/,"?[=+\-@\t＝]/);
      expect(await read(text)).toMatchObject([{ kind: 'entry', note }]);
    },
  );

  test('reads back as it was written, whatever stands in it', async () => {
    const target = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }))
      .map(([one, other]) => `192.0.${one}.${other}`);
    const nasty = fc.constantFrom(
      '"',
      "'",
      ',',
      ';',
      '\n',
      '\r',
      '\r\n',
      '#',
      '=',
      '+',
      '\t',
      '\uFEFF',
      ' ',
      'a',
      'ä',
    );
    const words = fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join(''));
    const author = words.filter((text) => text !== '');
    const time = fc.integer({ min: 0, max: now });
    const until = fc.option(fc.integer({ min: now + 1, max: 2 * now }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ target, note: words, author, time, until }), {
          selector: (each) => each.target,
          maxLength: 20,
        }),
        async (records) => {
          const entries = records.map(({ until: end, ...each }) =>
            end === undefined ? each : { ...each, until: end },
          );
          const rows = await read(writeCsv(entries));
          expect(rows).toEqual(rows.map(({ line }, index) => ({ kind: 'entry', line, ...entries[index] })));
          expect(rows).toHaveLength(entries.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('may have a byte order mark, comments, empty lines, spaces, and no header', async () => {
    const rows = await read('\uFEFF# ours\r\n\r\n 192.0.2.1 ,office\r\n192.0.2.0/24\r\n');
    expect(rows).toEqual([
      { kind: 'entry', line: 3, target: '192.0.2.1', note: 'office' },
      { kind: 'entry', line: 4, target: '192.0.2.0/24' },
    ]);
  });

  test.each([
    ['semicolons', 'ip;comment\n192.0.2.1;a, b'],
    ['tabs', 'ip\tcomment\n192.0.2.1\ta, b'],
    ['other names and another order of columns', 'Comment,IP\n"a, b",192.0.2.1'],
    ['columns that are not ours', 'country,address,note\nDE,192.0.2.1,"a, b"'],
  ])('may have %s', async (_, text) => {
    expect(await read(text)).toEqual([{ kind: 'entry', line: 2, target: '192.0.2.1', note: 'a, b' }]);
  });

  test('names each bad line with its number and the reason, and reads on', async () => {
    const rows = await read(
      [
        'address,note,author,time,until',
        '192.0.2.1',
        '192.0.2.256,x',
        '192.0.2.2,x,root,yesterday',
        `192.0.2.3,${'x'.repeat(201)}`,
        '192.0.2.4,x,root,,2020-01-01',
        '192.0.2.5',
      ].join('\n'),
    );
    expect(rows.map(({ kind, line }) => `${kind} ${line}`)).toEqual([
      'entry 2',
      'bad 3',
      'bad 4',
      'bad 5',
      'skipped 6',
      'entry 7',
    ]);
    expect(rows[1]).toMatchObject({ reason: expect.stringContaining('"192.0.2.256" is not an address') });
    expect(rows[2]).toMatchObject({ reason: expect.stringContaining('"yesterday" is no time') });
  });

  test.each([
    ['a quote in the middle of a field', '192.0.2.1,a "b" c\n192.0.2.2'],
    ['a quote that is not closed', '192.0.2.2\n192.0.2.1,"abc\n'],
    ['a line without end', `192.0.2.1,${'x'.repeat(10_000)}\n192.0.2.2`],
  ])('is bad where there is %s', async (_, text) => {
    expect((await read(text)).filter(({ kind }) => kind === 'bad')).toHaveLength(1);
  });

  test('never throws, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        await read(text);
      }),
      { numRuns: 200 },
    );
  });
});
