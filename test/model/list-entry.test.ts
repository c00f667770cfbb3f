import { describe, expect, test } from '@jest/globals';
import { isHostName, networksOf, parseListTarget } from '../../src/model/list-entry.ts';

const entry = { note: '', author: 'root', time: 0 };

describe('the target of a list entry', () => {
  test.each([
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113.9/24', '203.0.113.0/24'],
    ['192.0.2.10-192.0.2.99', '192.0.2.10-192.0.2.99'],
    ['Office.DynDNS.example.', 'office.dyndns.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ])('%j is %s', (text, target) => {
    expect(parseListTarget(text)).toBe(target);
  });

  test.each([
    '0.0.0.0/0',
    '::/0',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '1.2.3.4.5',
    '203.0.113.9/33',
    'a..example',
    'a b.example',
    '-a.example',
    `${'a.'.repeat(130)}example`,
    '',
  ])('%j is none', (text) => {
    expect(parseListTarget(text)).toBeUndefined();
  });

  test('is a host name only where it is no address', () => {
    expect(isHostName('office.example')).toBe(true);
    expect(isHostName('2001:db8::a')).toBe(false);
    expect(isHostName('192.0.2.1-192.0.2.9')).toBe(false);
  });

  test('is in the kernel what it stands for', () => {
    expect(networksOf({ ...entry, target: '192.0.2.0-192.0.2.2' })).toEqual(['192.0.2.0/31', '192.0.2.2']);
    expect(networksOf({ ...entry, target: 'office.example' })).toEqual([]);
    expect(networksOf({ ...entry, target: 'office.example', addresses: ['192.0.2.7'] })).toEqual([
      '192.0.2.7',
    ]);
  });
});
