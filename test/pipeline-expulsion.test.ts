// Who is put out of the PBX: a stranger who guessed at an account and got in, and nobody of ours.
import { describe, expect, test } from '@jest/globals';
import { day, hour, minute, provenGuesses, run, second, shield, start } from './flow.ts';
import { attacker, failure, proven, success } from './observations.ts';

const stranger: string = attacker.address;
const office = { address: '203.0.113.200', port: 5_060 };
const failures = (at = start, everyMs = second) =>
  Array.from({ length: 4 }, (_, index) =>
    failure({ time: at + index * everyMs, proof: proven(at + index * everyMs), callId: 'guess' }),
  );
const gotIn = (time = start + minute, callId = 'login') => success({ time, proof: proven(time), callId });

/** Fails four times and gets in. */
function intrude(changes: Record<string, unknown> = {}, shielded = [] as ReturnType<typeof shield>[]) {
  const flow = run(changes, shielded);
  flow.pipeline.observe([...failures(), gotIn()]);
  const { expelled } = flow.pipeline;
  return {
    ...flow,
    caller: (address = stranger, at = start + hour) => expelled.caller(address, at)?.target,
    registrant: (callId = 'login', at = start + hour) => expelled.registrant(callId, at)?.target,
  };
}

describe('a stranger who guessed at an account and got in', () => {
  test('has calls hung up and contacts removed, and is told of at once', () => {
    const { actions, urgent, caller, registrant, looked } = intrude();
    expect(actions()).toEqual([`expel ${stranger}`]);
    expect(urgent).toEqual([`compromised-account ${stranger}`]);
    expect(looked()).toBeGreaterThan(0);
    expect(caller()).toBe(stranger);
    expect(['login', 'guess'].map((callId) => registrant(callId))).toEqual([stranger, stranger]);
  });

  test('is left alone by whoever asks about another address or registration', () => {
    const { caller, registrant } = intrude();
    expect(caller(office.address)).toBeUndefined();
    expect(registrant('other')).toBeUndefined();
  });

  test('earns no shield by getting in, however slowly it guessed, and none afterwards', () => {
    const { pipeline } = run();
    pipeline.observe([...failures(start, hour), gotIn(start + 5 * hour), gotIn(start + 6 * hour, 'again')]);
    expect(pipeline.shield.entries(start + 6 * hour)).toEqual([]);
    expect(pipeline.expelled.caller(stranger, start + 6 * hour)?.target).toBe(stranger);
  });

  test('is put out again when it registers anew', () => {
    const { pipeline, looked, registrant } = intrude();
    const before = looked();
    pipeline.observe([gotIn(start + 2 * hour, 'again')]);
    expect(looked()).toBe(before + 1);
    expect(registrant('again', start + 2 * hour)).toBe(stranger);
  });

  test('is let in again after expel_for, and at once where a person says so', () => {
    const { pipeline, caller } = intrude();
    expect(caller(stranger, start + 2 * day)).toBeUndefined();
    expect(caller()).toBe(stranger);
    void pipeline.unban(stranger, 'anna', start + hour);
    expect(caller()).toBeUndefined();
  });

  test('is let in again once it is allowlisted', () => {
    const { allowlist, caller, registrant } = intrude();
    allowlist.add({ target: stranger, note: '', author: 'anna', time: start });
    expect([caller(), registrant()]).toEqual([undefined, undefined]);
  });

  test('is still put out after a restart, unless that was ended', () => {
    const { decided } = intrude();
    const afterwards = (decisions: readonly object[]) =>
      run({}, [], undefined, decisions as typeof decided).pipeline.expelled.caller(stranger, start + hour)
        ?.target;
    expect(afterwards(decided)).toBe(stranger);
    expect(
      afterwards(decided.map((each) => ({ ...each, ended: { time: start, by: 'anna' } }))),
    ).toBeUndefined();
  });

  test('removes nobody else by copying the Call-ID of a phone', () => {
    const phone = shield({ target: office.address, callId: 'login' });
    expect(intrude({}, [phone]).registrant()).toBeUndefined();
  });

  test('has what was done in the record of its attack', () => {
    const { pipeline, attacks } = intrude();
    const [attack] = attacks();
    const act = { time: start + hour, kind: 'hang-up', subject: 'PJSIP/100-00000001' } as const;
    pipeline.acted(attack?.id ?? '', act);
    expect(attacks()).toMatchObject([{ attack: 'compromised-account', action: 'expel', acts: [act] }]);
  });
});

describe('nobody is put out', () => {
  test('who was shielded before it began to fail', () => {
    const { actions, caller } = intrude({}, [shield({ name: '300' })]);
    expect(actions()).toEqual([`notice ${stranger}`]);
    expect(caller()).toBeUndefined();
  });

  test('for evidence that could have been forged', () => {
    const { pipeline, decided } = run();
    pipeline.observe([
      ...failures().map((each) => ({ ...each, proof: { level: 'asserted' } as const })),
      gotIn(),
    ]);
    expect(decided).toEqual([]);
  });

  test('while observing, though the record says who would be', () => {
    const { decided, caller } = intrude({ mode: 'observe' });
    expect(decided).toMatchObject([{ action: 'expel', enforced: false }]);
    expect(caller()).toBeUndefined();
  });

  test('where both are switched off', () => {
    const { actions } = intrude({ asterisk: { hang_up: 'off', remove_contact: 'off' } });
    expect(actions()).toEqual([`notice ${stranger}`]);
  });

  test('by more than what is switched on', () => {
    const { caller, registrant } = intrude({ asterisk: { hang_up: 'off' } });
    expect([caller(), registrant()]).toEqual([undefined, stranger]);
  });
});

describe('whoever is banned on proven evidence', () => {
  const banned = (asterisk: object) => {
    const { pipeline } = run({ asterisk });
    pipeline.observe(provenGuesses());
    return pipeline.expelled.caller(stranger, start + minute)?.target;
  };

  test('is put out of the PBX too where that is wanted', () => {
    expect(banned({ hang_up: 'proven' })).toBe(stranger);
  });

  test('is only banned where it is not', () => {
    expect(banned({})).toBeUndefined();
  });
});
