// Recordings of packets and of events, alone and together. What each says is in test/scenarios.test.ts.
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../src/config.ts';
import { replay } from '../src/replay.ts';

const { config } = loadConfig({ path: join(import.meta.dirname, '../docs/sipwarden.toml') });
const recorded = (scenario: string, file: string) =>
  join(import.meta.dirname, '../fixtures/scenarios', scenario, file);
const run = (...files: readonly string[]) => replay({ files, config, locals: [] });

const packets = recorded('registration-bruteforce-11', 'input.pcap');
const events = recorded('registration-bruteforce-11', 'input.ami');

test('an attack that packets and events tell of is counted once, and events are proven by packets', async () => {
  const together = await run(packets, events);
  const alone = await run(packets);
  expect(together.seen).toEqual({
    packets: { 'authentication-failed': 11 },
    ami: { 'authentication-failed': 11 },
  });
  expect(together.decisions.map(({ action, proof }) => [action, proof])).toEqual([['ban', 'proven']]);
  expect(together.attacks.map(({ messages }) => messages)).toEqual(
    alone.attacks.map(({ messages }) => messages),
  );
  expect((await run(events)).decisions.map(({ action, proof }) => [action, proof])).toEqual([
    ['drop', 'asserted'],
  ]);
});

test('the order in which the files are named changes nothing that is decided', async () => {
  const decided = async (...files: readonly string[]) =>
    (await run(...files)).decisions.map(({ source, action, attack, proof }) => [
      source,
      action,
      attack,
      proof,
    ]);
  expect(await decided(events, packets)).toEqual(await decided(packets, events));
});

test('two recordings of one traffic are one', async () => {
  const another = recorded('extension-enumeration-6', 'input.pcap');
  const [one, other, both] = [await run(packets), await run(another), await run(packets, another)];
  expect(both.packets).toBe(one.packets + other.packets);
  expect(both.messages).toBe(one.messages + other.messages);
});

test('a progress over all files ends at their whole size', async () => {
  const said: (readonly [number, number])[] = [];
  await replay({
    files: [packets, events],
    config,
    locals: [],
    onProgress: (bytes, total) => void said.push([bytes, total]),
  });
  const [bytes, total] = said.at(-1) ?? [];
  expect(bytes).toBe(total);
});

test('one file that is no recording refuses them all, by name', async () => {
  const file = join(import.meta.dirname, 'replay-together.test.ts');
  await expect(run(packets, file)).rejects.toMatchObject({
    code: 'REPLAY_FORMAT',
    message: expect.stringContaining(file),
  });
  await expect(run(packets, `${file}.missing`)).rejects.toMatchObject({ code: 'REPLAY_UNREADABLE' });
});

test('what Asterisk mirrors is counted with the packets, in whatever order the files are named', async () => {
  const mirror = recorded('registration-bruteforce-hep', 'input.hep');
  const one = await run(packets, mirror);
  const other = await run(mirror, packets);
  expect(one.seen).toEqual({
    packets: { 'authentication-failed': 11 },
    hep: { 'authentication-failed': 12 },
  });
  expect(one.messages).toBe((await run(packets)).messages + 24);
  expect(other.decisions).toEqual(one.decisions);
});
