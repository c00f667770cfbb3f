import { expect, test } from '@jest/globals';
import { createSipObserver } from '../src/capture/sip-observer.ts';
import { readSignatureFiles } from '../src/signature-files.ts';
import { honestDay, trunkAddresses } from './benign-day.ts';
import { request } from './capture/sip-conversation.ts';
import { day, run, start } from './flow.ts';

test('a day of 200 phones, 4 trunks and 5,000 calls, with outages, gives no cause for any decision', () => {
  const { messages, restart } = honestDay(start, 20_261_124);
  const { pipeline, decided, attacks } = run();
  pipeline.know({ kind: 'restart', time: start });
  const trunks = trunkAddresses.map(
    (network) => ({ network, endpoint: network, because: 'identify' }) as const,
  );
  pipeline.know({ kind: 'trunks', time: start, trunks });
  const observer = createSipObserver(
    {
      udpPorts: [[5_060, 5_060]],
      tcpPorts: [],
      tftpPorts: [],
      signatures: [...readSignatureFiles('').signatures.values()],
      answerWithinMs: 1_000,
      nonceLifetimeMs: 32_000,
    },
    { emit: (observation) => pipeline.observe([observation]), count: () => {} },
  );
  let isRestarted = false;
  for (const message of messages) {
    if (!isRestarted && message.time >= restart) {
      isRestarted = true;
      pipeline.know({ kind: 'restart', time: restart });
    }
    pipeline.advance(message.time);
    observer.message(message);
  }
  observer.advance(start + day + 60_000);
  observer.end();
  pipeline.end();
  expect(messages.length).toBeGreaterThan(250_000);
  expect(attacks().map(({ attack, source, reason }) => `${attack} ${source} ${reason}`)).toEqual([]);
  expect(decided).toEqual([]);
  // It was not blind: one scanner at the end of the day is found.
  observer.message(request({ method: 'OPTIONS', userAgent: 'friendly-scanner', time: start + day + 61_000 }));
  expect(decided).toMatchObject([{ action: 'drop', cause: { attack: 'scanner-signature' } }]);
}, 300_000);
