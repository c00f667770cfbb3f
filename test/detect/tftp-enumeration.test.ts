import { describe, expect, test } from '@jest/globals';
import { provisioningLeak } from '../../src/detect/provisioning-leak.ts';
import { tftpEnumeration } from '../../src/detect/tftp-enumeration.ts';
import type { Observation } from '../../src/model/observation.ts';
import { run } from '../flow.ts';
import { fileAnswer, fileRequest } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_000_000;
const guess = (index: number, time = start + index * 100) =>
  fileAnswer(`00041300${index}.cfg`, 'missing', { time });
const guesses = (count: number) => Array.from({ length: count }, (_, index) => guess(index));
const office = { address: '198.51.100.30', port: 40_000 };
/** What a phone is given and what it asks for in vain, as Cisco's do. */
const boot = (phone: number, source = office): readonly Observation[] => {
  const common = { source, time: start + phone * 50 };
  return [
    fileRequest(`CTLSEP${phone}.tlv`, common),
    fileAnswer(`CTLSEP${phone}.tlv`, 'missing', common),
    fileAnswer(`ITLSEP${phone}.tlv`, 'missing', common),
    fileAnswer(`SEP${phone}.cnf.xml`, 'served', common),
  ];
};

describe('tftp-enumeration', () => {
  const feed = (observations: readonly Observation[]) => {
    const options = { missing_count: 20, monit_period: 60_000, missing_per_served: 4 };
    const { observe } = tftpEnumeration.create(options, detectorContext());
    return observations.map(observe).filter((found) => found !== undefined);
  };

  test('forgives missing_count different files, and finds the next one', () => {
    expect(feed(guesses(20))).toEqual([]);
    expect(feed(guesses(21))).toMatchObject([
      { attack: 'tftp-enumeration', proof: 'asserted', evidence: { counted: { count: 21, limit: 20 } } },
    ]);
  });

  test('counts one file once, under whatever path and in whatever letters', () => {
    const same = ['a.cfg', '/a.cfg', '/tftpboot/A.CFG'];
    expect(feed(same.flatMap((file) => Array(20).fill(fileAnswer(file, 'missing'))))).toEqual([]);
  });

  test('counts within monit_period', () => {
    expect(feed(Array.from({ length: 200 }, (_, index) => guess(index, start + index * 3_100)))).toEqual([]);
  });

  test('does not fire at 300 phones of one office after a power cut, each with its own file and two that are missing', () => {
    expect(feed(Array.from({ length: 300 }, (_, phone) => boot(phone)).flat())).toEqual([]);
  });

  test('nor at 300 phones of many offices', () => {
    const from = (phone: number) => ({ address: `203.0.${phone >> 8}.${phone & 255}`, port: 40_000 });
    expect(feed(Array.from({ length: 300 }, (_, phone) => boot(phone, from(phone))).flat())).toEqual([]);
  });

  test('is not appeased by a guess that hits', () => {
    const found = feed([...guesses(19), fileAnswer('phone1.cfg', 'served', { time: start }), ...guesses(25)]);
    expect(found.length).toBeGreaterThan(0);
  });

  test('drops the source', () => {
    const { pipeline, actions } = run();
    pipeline.observe(guesses(25));
    expect(actions()).toEqual(['drop 203.0.113.66']);
  });
});

describe('provisioning-leak', () => {
  const feed = (observations: readonly Observation[]) => {
    const options = { missing_count: 5, monit_period: 3_600_000, missing_per_served: 4 };
    const { observe } = provisioningLeak.create(options, detectorContext());
    return observations.map(observe).filter((found) => found !== undefined);
  };
  const hit = fileAnswer('phone1.cfg', 'served', { time: start + 5_000 });

  test('names the file that was given to a source which had guessed names, and is only told', () => {
    expect(feed([...guesses(6), hit])).toMatchObject([
      { attack: 'provisioning-leak', isOnlyTold: true, evidence: { values: ['phone1.cfg'] } },
    ]);
  });

  test('says nothing of a phone that gets its file after some that are missing', () => {
    expect(feed([...guesses(4), hit])).toEqual([]);
    expect(feed(Array.from({ length: 300 }, (_, phone) => boot(phone)).flat())).toEqual([]);
  });

  test('leaves a record of its own beside that of the enumeration', () => {
    const { pipeline, attacks } = run();
    pipeline.observe([...guesses(25), hit]);
    expect(attacks().map(({ attack }) => attack)).toEqual(['tftp-enumeration', 'provisioning-leak']);
  });
});
