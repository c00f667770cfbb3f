import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAmiMessage } from '../../src/asterisk/ami-message.ts';
import { changeOf } from '../../src/asterisk/inventory-change.ts';

const change = (...lines: string[]) => changeOf(readAmiMessage(lines));

describe('what an event says has changed', () => {
  test.each([
    ['ContactStatus', 'contacts'],
    ['Reload', 'trunks'],
    ['FullyBooted', 'booted'],
  ])('%s: %s', (event, kind) => {
    expect(change(`Event: ${event}`, 'Privilege: system,all')).toEqual({ kind });
  });

  test('is a call when a channel is answered or hung up', () => {
    const channel = 'PJSIP/trunk-a.b+c_d-0000002f';
    expect(change('Event: Newstate', `Channel: ${channel}`, 'ChannelState: 6')).toEqual({
      kind: 'call',
      channel,
    });
    expect(change('Event: Hangup', `Channel: ${channel}`)).toEqual({ kind: 'call', channel });
    expect(change('Event: Newstate', `Channel: ${channel}`, 'ChannelState: 5')).toBeUndefined();
  });

  test.each([
    'SIP/100-0000002f',
    'Local/100@x-0000002f;1',
    'PJSIP/100',
    'PJSIP/100-0000002F',
    'PJSIP/1 0-0000002f',
    'PJSIP/100\n-0000002f',
    `PJSIP/${'1'.repeat(81)}-0000002f`,
    'PJSIP/100-0000002f\rx',
    '',
  ])('is nothing where the channel is %j', (channel) => {
    expect(change('Event: Hangup', `Channel: ${channel}`)).toBeUndefined();
  });

  test('is no more than a channel to ask about, whatever a caller writes into an event', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('Event: Newstate', 'Event: Hangup', 'ChannelState: 6', 'Channel: PJSIP/1-00000000'),
      fc.string().map((text) => `Channel: PJSIP/${text}-00000000`),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const found = change(...lines);
        if (found?.kind === 'call') expect(found.channel).toMatch(/^PJSIP\/[\w.+@-]{1,80}-[0-9a-f]{8}$/);
      }),
    );
  });
});
