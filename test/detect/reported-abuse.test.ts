import { expect, test } from '@jest/globals';
import type { Proof } from '../../src/model/observation.ts';
import { day, run, shield, start } from '../flow.ts';
import { attacker, report } from '../observations.ts';

const stranger = attacker.address;
const vouched: Proof = { level: 'proven', by: 'vouched', seenBy: 'ami', time: start };
const reported = (some: Parameters<typeof report>[1] = {}) => report(stranger, { time: start, ...some });

test('an address that is reported is dropped for minutes, since anybody on the PBX can report', () => {
  const { pipeline, decided } = run();
  pipeline.observe([reported()]);
  expect(decided).toMatchObject([
    { action: 'drop', target: stranger, cause: { attack: 'reported-abuse', proof: 'asserted' } },
  ]);
});

test('it is banned where the administrator vouches for those who report', () => {
  const { pipeline, actions, attacks } = run();
  pipeline.observe([reported({ proof: vouched })]);
  expect(actions()).toEqual([`ban ${stranger}`]);
  expect(attacks()[0]?.evidence).toMatchObject({ values: ['honeypot'], proofs: [{ by: 'vouched' }] });
});

test('a phone of ours is not blocked, whoever reports it', () => {
  const { pipeline, actions } = run({}, [shield()]);
  pipeline.observe([reported()]);
  expect(actions()).toEqual([`notice ${stranger}`]);
});

test('an office of ours waits for a person, however much the report is vouched for: nobody said which port', () => {
  const { pipeline, actions } = run({}, [shield({ until: start + day })]);
  pipeline.observe([reported({ proof: vouched })]);
  expect(actions()).toEqual([`held ${stranger}`]);
});

test('an allowlisted address is not blocked, however much the report is vouched for', () => {
  const { pipeline, actions, allowlist } = run();
  allowlist.add({ target: stranger, note: '', author: 'test', time: 0 });
  pipeline.observe([reported({ proof: vouched })]);
  expect(actions()).toEqual([`notice ${stranger}`]);
});

test('reports are forgiven up to hit_count', () => {
  const { pipeline, actions } = run({ detect: { 'reported-abuse': { hit_count: 2 } } });
  pipeline.observe([reported(), reported()]);
  expect(actions()).toEqual([]);
  pipeline.observe([reported()]);
  expect(actions()).toEqual([`drop ${stranger}`]);
});

test('a report about somebody who is banned does not say that the ban is passed', () => {
  const { pipeline, passed } = run();
  pipeline.observe([reported({ proof: vouched }), reported({ time: start + 60_000 })]);
  expect(passed).toEqual([]);
});
