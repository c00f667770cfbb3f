import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventTimeOf, isSecurityEvent, readAmiMessage } from '../../src/asterisk/ami-message.ts';
import { failedGuess, toLines } from './ami-bytes.ts';

const read = (changes: Record<string, string | undefined> = {}) =>
  readAmiMessage(toLines(failedGuess(changes)));

describe('a message', () => {
  test('is an event with its headers, in a map without a prototype', () => {
    const message = read();
    expect(message).toMatchObject({ kind: 'event', name: 'ChallengeResponseFailed' });
    expect(message.tampered).toBeUndefined();
    expect(Object.getPrototypeOf(message.headers)).toBeNull();
    expect(message.headers.RemoteAddress).toBe('IPV4/UDP/203.0.113.9/42617');
    expect(message.headers.ExpectedResponse).toBe('');
  });

  test('is a response where its first line says so, and no event can become one', () => {
    expect(readAmiMessage(['Response: Success', 'ActionID: 1'])).toMatchObject({
      kind: 'response',
      name: 'Success',
    });
    expect(read({ Response: 'Success' }).kind).toBe('event');
  });

  test('keeps lone line breaks and colons inside a value', () => {
    expect(read({ SessionID: 'a\rb\nc: d' })).toMatchObject({ headers: { SessionID: 'a\rb\nc: d' } });
    expect(read({ SessionID: 'a\rRemoteAddress: x' }).tampered).toBeUndefined();
  });

  test('takes a header named like something inherited as any other unknown one', () => {
    expect(readAmiMessage(['Event: X', '__proto__: y', 'constructor: z']).headers.constructor).toBe('z');
    expect(read({ constructor: 'z' }).tampered).toBe('unknown-header');
  });
});

describe('a security event is not believed when', () => {
  test.each(['Privilege', 'EventTV', 'Service', 'AccountID', 'SessionID', 'LocalAddress', 'RemoteAddress'])(
    'it lacks %s',
    (header) => {
      expect(read({ [header]: undefined }).tampered).toBe('missing-header');
    },
  );

  test.each(['RemoteAddress', 'remoteaddress', 'Service'])('it repeats a header as %s', (header) => {
    const lines = toLines(failedGuess());
    expect(
      readAmiMessage([...lines.slice(0, 7), `${header}: IPV4/TCP/198.51.100.7/1`, ...lines.slice(7)]),
    ).toMatchObject({
      tampered: 'repeated-header',
    });
  });

  test('it has a header that Asterisk never writes there', () => {
    expect(read({ Extra: '1' }).tampered).toBe('unknown-header');
  });

  test('its headers are not in the order in which Asterisk writes them', () => {
    const { SessionID, ...rest } = failedGuess();
    expect(readAmiMessage(toLines({ ...rest, SessionID })).tampered).toBe('header-order');
    const { Challenge, ...others } = failedGuess();
    const early = toLines({ Event: undefined, ...others }).toSpliced(2, 0, `Challenge: ${Challenge}`);
    expect(readAmiMessage(early).tampered).toBe('header-order');
  });

  test('a line of it is no header', () => {
    expect(readAmiMessage([...toLines(failedGuess()), 'no header']).tampered).toBe('broken-line');
    expect(readAmiMessage([...toLines(failedGuess()), ': empty']).tampered).toBe('broken-line');
  });

  test('it was sent under another privilege', () => {
    expect(read({ Privilege: 'user,all' }).tampered).toBe('wrong-privilege');
  });

  test('it does not begin with its name', () => {
    const message = readAmiMessage(toLines(failedGuess()).slice(1));
    expect(message).toMatchObject({ kind: 'event', name: '', tampered: 'no-event-line' });
    expect(isSecurityEvent(message)).toBe(true);
  });
});

describe('a security event is in order', () => {
  test('with the headers that Asterisk adds on request', () => {
    const { Event, Privilege, ...rest } = failedGuess();
    const added = {
      Timestamp: '1795395624.669',
      SequenceNumber: '4',
      File: 'x.c',
      Line: '1',
      Func: 'f',
      SystemName: 's',
    };
    const message = readAmiMessage(
      toLines({ Event, Privilege, ...added, ...rest, Module: 'm', SessionTV: '' }),
    );
    expect(message.tampered).toBeUndefined();
  });

  test('as RequestBadFormat, whose account is optional and comes last', () => {
    const { AccountID, Challenge, Response, ExpectedResponse, ...rest } = failedGuess({
      Event: 'RequestBadFormat',
    });
    expect(readAmiMessage(toLines(rest)).tampered).toBeUndefined();
    expect(readAmiMessage(toLines({ ...rest, RequestType: 'NONE', AccountID })).tampered).toBeUndefined();
  });
});

describe('the time of an event', () => {
  test('is read with its offset, to the millisecond', () => {
    expect(eventTimeOf(read())).toBe(Date.UTC(2026, 10, 23, 1, 0, 24, 669));
    expect(eventTimeOf(read({ EventTV: '2026-11-23T03:00:24.669+0200' }))).toBe(
      Date.UTC(2026, 10, 23, 1, 0, 24, 669),
    );
  });

  test.each(['', 'now', '2026-11-23', '2026-99-23T01:00:24.669+0000', '2026-11-23T01:00:24.669'])(
    'is unknown for %p',
    (EventTV) => {
      expect(eventTimeOf(read({ EventTV }))).toBeUndefined();
    },
  );
});

test('whatever the lines are, reading them does not throw, and an event without its address is not believed', () => {
  const names = ['Event', 'Service', 'RemoteAddress', 'AccountID', '__proto__', 'x y', ''];
  const line = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom(...names), fc.string()).map((pair) => pair.join(': ')),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (lines) => {
      const message = readAmiMessage(['Event: InvalidAccountID', ...lines]);
      expect(message.tampered).toBeDefined();
    }),
  );
});
