import { describe, expect, test } from '@jest/globals';
import { createSilenceWatch } from '../../src/sense/silence.ts';
import { failure, pbx, proven, success } from '../observations.ts';
import { createAlarms } from '../store/samples.ts';

const start = 1_700_000_000_000;
const second = 1_000;
type Some = Parameters<typeof failure>[0];

function watch({ live = ['ami', 'packets'], own = [pbx.address] as readonly string[] } = {}) {
  const alarms = createAlarms();
  const ami = { events: 0 };
  const silence = createSilenceWatch({
    alarms,
    ownAddresses: () => own,
    amiEvents: () => ami.events,
    isLive: (name) => live.includes(name),
  });
  const logins = (sensor: 'ami' | 'packets', some: Some = {}, count = 20) => {
    for (let index = 0; index < count; index += 1) {
      const time = start + index * second;
      const proof = sensor === 'packets' ? proven(time) : ({ level: 'asserted' } as const);
      silence.saw([failure({ sensor, time, proof, ...some })]);
    }
  };
  return { silence, ami, logins, alarms: () => [...alarms.active.keys()] };
}

describe('Asterisk that tells nothing', () => {
  test('while packets show logins is an alarm, which ends with its next event', () => {
    const { silence, ami, logins, alarms } = watch();
    logins('packets');
    expect(alarms()).toEqual(['AMI_SILENT']);
    ami.events += 1;
    silence.saw([success({ sensor: 'packets', time: start + 60 * second })]);
    expect(alarms()).toEqual([]);
  });

  test('is none where it is only late', () => {
    const { logins, alarms } = watch();
    logins('packets', {}, 9);
    expect(alarms()).toEqual([]);
  });

  test('is none for what somebody has forged', () => {
    const { logins, alarms } = watch();
    logins('packets', { proof: { level: 'asserted' } });
    expect(alarms()).toEqual([]);
  });

  test('is none for logins at a guest of this host', () => {
    const { logins, alarms } = watch({ own: ['192.0.2.200'] });
    logins('packets');
    expect(alarms()).toEqual([]);
  });

  test('is none where it is known to be lost', () => {
    const { logins, alarms } = watch({ live: ['packets'] });
    logins('packets');
    expect(alarms()).toEqual([]);
  });
});

describe('a capture that sees nothing', () => {
  test('while Asterisk tells of logins is an alarm, which ends with the first packet', () => {
    const { silence, logins, alarms } = watch();
    logins('ami');
    expect(alarms()).toEqual(['CAPTURE_SILENT']);
    silence.saw([failure({ sensor: 'packets', time: start + 60 * second })]);
    expect(alarms()).toEqual([]);
  });

  test.each([{ transport: 'tls' }, { source: { address: '127.0.0.1', port: 5_060 } }] as const)(
    'is none for what no packet shows: %j',
    (some) => {
      const { logins, alarms } = watch();
      logins('ami', some);
      expect(alarms()).toEqual([]);
    },
  );
});

test('where both see the logins there is no alarm, and none is left when all ends', () => {
  const { silence, ami, logins, alarms } = watch();
  for (let round = 0; round < 20; round += 1) {
    logins('packets', { time: start + round * second }, 1);
    ami.events += 1;
    logins('ami', { time: start + round * second }, 1);
  }
  expect(alarms()).toEqual([]);
  logins('ami');
  silence.clear();
  expect(alarms()).toEqual([]);
});
