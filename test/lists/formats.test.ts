import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listFormats, readList, recognise } from '../../src/lists/formats.ts';
import type { ListRow } from '../../src/lists/list-row.ts';

const now = Date.UTC(2026, 10, 24);

async function read(text: string, format = recognise(text)): Promise<ListRow[]> {
  const rows: ListRow[] = [];
  for await (const row of readList(text, format, now)) rows.push(row);
  return rows;
}
const targetsOf = (rows: readonly ListRow[]) =>
  rows.map((row) => (row.kind === 'entry' ? row.target : `${row.kind} ${row.line}`));

const ipsetSave = `create blocked hash:net family inet hashsize 1024 maxelem 65536 timeout 0 comment
add blocked 192.0.2.1 timeout 600 comment "seen \\"twice\\""
add blocked 198.51.100.0/24 timeout 0
add blocked 203.0.113.0/24 nomatch
add blocked 192.0.2.9,udp:5060
`;
const cscliRaw = `id,source,ip,reason,action,country,as,events_count,expiration,simulated,alert_id
1,crowdsec,Ip:192.0.2.1,crowdsecurity/asterisk_bf,ban,DE,64496 Example,11,3h59m48.9s,false,1
2,cscli,Range:198.51.100.0/24,"manual, by me",ban,,,0,87600h0m0s,false,2
3,crowdsec,Ip:192.0.2.2,x,captcha,,,0,1h,false,3
4,crowdsec,Country:DE,x,ban,,,0,1h,false,4
5,crowdsec,Ip:192.0.2.3,x,ban,,,0,1h,true,5
6,crowdsec,Ip:192.0.2.4,x,ban,,,0,-5s,false,6
`;
const cscliJson = JSON.stringify([
  { id: 1, decisions: [{ scope: 'Ip', value: '192.0.2.1', type: 'ban', duration: '1h0m0s', scenario: 'a' }] },
  { id: 2, decisions: null },
  {
    decisions: [
      { scope: 'Range', value: '198.51.100.0/24', type: 'ban', duration: '90s', scenario: 'b' },
      { scope: 'Ip', value: 'nonsense', type: 'ban', duration: '90s', scenario: 'b' },
    ],
  },
]);

describe('a file of a neighbour', () => {
  test('of plain lines is read with its notes', async () => {
    const text = '# ours\n192.0.2.1 # office\n\n198.51.100.0/24 2001:db8::/32\n203.0.113.1 ; branch\n';
    expect(recognise(text)).toBe('plain');
    expect(await read(text)).toMatchObject([
      { target: '192.0.2.1', note: 'office', line: 2 },
      { target: '198.51.100.0/24', line: 4 },
      { target: '2001:db8::/32', line: 4 },
      { target: '203.0.113.1', note: 'branch' },
    ]);
  });

  test('of ipset is read with time-outs and comments; what a list cannot hold is refused', async () => {
    expect(recognise(ipsetSave)).toBe('ipset');
    const rows = await read(ipsetSave);
    expect(targetsOf(rows)).toEqual(['192.0.2.1', '198.51.100.0/24', 'bad 4', 'bad 5']);
    expect(rows[0]).toMatchObject({ until: now + 600_000 });
    expect(rows[1]).not.toHaveProperty('until');
  });

  test.each([
    ['banned', "[{'sshd': ['192.0.2.1', '192.0.2.2']}, {'asterisk': []}]\n", ['192.0.2.1', '192.0.2.2']],
    ['nobody banned', '[]\n', []],
    [
      'status',
      'Status for the jail: asterisk\n|- Filter\n|  `- File list:\t/var/log/asterisk/security\n`- Actions\n   |- Currently banned:\t2\n   `- Banned IP list:\t192.0.2.1 192.0.2.2\n',
      ['192.0.2.1', '192.0.2.2'],
    ],
    [
      'banip --with-time',
      '192.0.2.1 \t2099-01-01 10:00:00 + 600 = 2099-01-01 10:10:00\n192.0.2.2 \t2026-01-01 10:00:00 + -1 = 9999-12-31 23:59:59\n',
      ['192.0.2.1', '192.0.2.2'],
    ],
  ])('of fail2ban (%s) is read', async (_, text, targets) => {
    expect(recognise(text)).toBe('fail2ban');
    expect(targetsOf(await read(text))).toEqual(targets);
  });

  test('of fail2ban (banip) is plain lines, and says so when it is asked for', async () => {
    expect(targetsOf(await read('192.0.2.1 192.0.2.2\n'))).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await read('192.0.2.1\n', 'fail2ban')).toMatchObject([{ target: '192.0.2.1', note: 'fail2ban' }]);
  });

  test('of CrowdSec (raw) is read; what bans no address is skipped', async () => {
    expect(recognise(cscliRaw)).toBe('crowdsec');
    const rows = await read(cscliRaw);
    expect(targetsOf(rows)).toEqual([
      '192.0.2.1',
      '198.51.100.0/24',
      'skipped 4',
      'skipped 5',
      'skipped 6',
      'skipped 7',
    ]);
    expect(rows[0]).toMatchObject({ note: 'crowdsecurity/asterisk_bf', until: now + 14_388_000 });
    expect(rows[1]).toMatchObject({ note: 'manual, by me' });
  });

  test('of CrowdSec (JSON) is read, and refused where it is cut off', async () => {
    expect(recognise(cscliJson)).toBe('crowdsec');
    expect(targetsOf(await read(cscliJson))).toEqual(['192.0.2.1', '198.51.100.0/24', 'bad 3']);
    expect(targetsOf(await read(cscliJson.slice(0, -10)))).toEqual(['bad 1']);
  });

  test.each([
    [
      "All entries in zone 'trusted':\n\t192.168.0.0/24\n\toffice.example\n",
      ['192.168.0.0/24', 'office.example'],
    ],
    [
      'All blacklisted entries.\n\tbad.example: (Resolves to 192.0.2.1,192.0.2.2)\n\t192.0.2.9\n',
      ['bad.example', '192.0.2.9'],
    ],
  ])('of FreePBX is read', async (text, targets) => {
    expect(recognise(text)).toBe('freepbx');
    expect(targetsOf(await read(text))).toEqual(targets);
  });

  test.each(['address,note\n192.0.2.1,x', 'address\n192.0.2.1', '192.0.2.1;office', '192.0.2.1,office'])(
    '%j is CSV',
    (text) => {
      expect(recognise(text)).toBe('csv');
    },
  );

  test('of any format never throws, whatever the text', async () => {
    const piece = fc.constantFrom(
      ...[
        'add x ',
        '192.0.2.1',
        '[{',
        "'",
        '"',
        ',',
        '\n',
        ' timeout ',
        'Ip:',
        'comment "',
        '\\',
        '\t',
        'null',
      ],
      ...['[', ']', ':', '(Resolves to ', 'All entries in zone'],
    );
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...listFormats), async (content, format) => {
        await read(content, format);
        await read(content);
      }),
      { numRuns: 300 },
    );
  });
});
