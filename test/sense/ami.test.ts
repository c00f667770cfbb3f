import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/lib/logger.ts';
import type { Alarms } from '../../src/model/alarm.ts';
import type { InventoryFact } from '../../src/model/inventory.ts';
import type { Observation } from '../../src/model/observation.ts';
import { amiOptions, createAmiSensor } from '../../src/sense/ami.ts';
import { createAmiAlarms } from '../../src/sense/ami-alarms.ts';
import { failedGuess, toBytes, toLines } from '../asterisk/ami-bytes.ts';
import { type AmiServer, quickTiming, startAmiServer } from '../asterisk/ami-server.ts';
import { quickInventory } from '../asterisk/inventory-timing.ts';
import { nobodyExpelled } from '../asterisk/nobody-expelled.ts';
import { scriptPbx } from '../asterisk/pbx-script.ts';
import { waitFor } from '../wait-for.ts';

const eventTime = Date.UTC(2026, 10, 23, 1, 0, 24, 669);
const users = { 'sipwarden-events': 'secret-of-events', 'sipwarden-actions': 'secret-of-actions' };
const secrets = 'events = "secret-of-events"\nactions = "secret-of-actions"\n';
const cleanups: (() => unknown)[] = [];
let secretFile = '';

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'sipwarden-ami-'));
  secretFile = join(directory, 'ami.secret');
  cleanups.push(() => rmSync(directory, { recursive: true }));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function board() {
  const active = new Map<string, string>();
  const raised: string[] = [];
  const alarms: Alarms = {
    raise(code, message, hint) {
      raised.push(code);
      active.set(code, `${message} | ${hint}`);
    },
    clear: (code) => void active.delete(code),
  };
  return { alarms, active, raised };
}

async function serve(pbx = scriptPbx()): Promise<AmiServer> {
  const server = await startAmiServer({ users, answer: pbx.answer });
  cleanups.push(server.close);
  return server;
}

function sense(port: number, options: Record<string, unknown> = {}) {
  const { alarms, active, raised } = board();
  const observations: Observation[] = [];
  const facts: InventoryFact[] = [];
  const sensor = createAmiSensor({
    options: amiOptions.parse({ port, secret_file: secretFile, ...options }),
    logger: createLogger('silent', 'test'),
    alarms,
    now: () => eventTime + 10,
    expelled: nobodyExpelled,
    timing: quickTiming,
    inventoryTiming: quickInventory,
  });
  cleanups.push(sensor.stop);
  const start = () =>
    sensor.start({
      observe: (some) => void observations.push(...some),
      know: (fact) => void facts.push(fact),
    });
  const live = () => waitFor('the sensor is live', () => sensor.health().state === 'live');
  return { sensor, observations, facts, active, raised, start, live };
}

function writeSecrets(text = secrets): void {
  writeFileSync(secretFile, text, { mode: 0o640 });
  chmodSync(secretFile, 0o640);
}

describe('the AMI sensor', () => {
  test('turns events into observations and counts them', async () => {
    writeSecrets();
    const server = await serve();
    const { sensor, observations, start, live, active } = sense(server.port);
    await start();
    await live();
    server.write(toBytes(toLines(failedGuess())));
    await waitFor('an observation', () => observations.length > 0);
    expect(observations).toMatchObject([
      { kind: 'authentication-failed', source: { address: '203.0.113.9' } },
    ]);
    expect(sensor.health().counters).toMatchObject({ observations: 1, tampered: 0, shed: 0, lagMs: 10 });
    expect([...active.keys()]).toEqual([]);
  });

  test('says which Asterisk it is and how many phones are registered', async () => {
    writeSecrets();
    const server = await serve();
    const { sensor, start } = sense(server.port);
    await start();
    await waitFor('the facts', () =>
      sensor.health().detail.includes('Asterisk 22.10.1, 0 registered contacts'),
    );
    expect(sensor.health().counters).toMatchObject({ registeredContacts: 0 });
  });

  test('hears security events on a connection of their own, where no caller writes anything', async () => {
    writeSecrets();
    const server = await serve();
    const { start, live } = sense(server.port);
    await start();
    await live();
    const masks = () => server.actions.filter(({ events }) => events).map(({ events }) => events);
    await waitFor('both connections', () => masks().length === 2);
    expect(masks()).toEqual(['security', 'system,call']);
  });

  test('hands on who is ours', async () => {
    writeSecrets();
    const pbx = scriptPbx();
    pbx.endpoints.set('trunk', { match: ['198.51.100.20/255.255.255.255'] });
    pbx.contacts = [{ account: '100', callId: 'call-1', seconds: 2_000_000_000 }];
    const server = await serve(pbx);
    const { sensor, facts, start } = sense(server.port);
    await start();
    await waitFor('all facts', () => new Set(facts.map(({ kind }) => kind)).size === 4);
    expect(facts[0]?.kind).toBe('restart');
    expect(facts.find(({ kind }) => kind === 'trunks')).toMatchObject({
      trunks: [{ network: '198.51.100.20', because: 'identify' }],
    });
    expect(facts.find(({ kind }) => kind === 'contacts')).toMatchObject({
      contacts: [{ callId: 'call-1', until: 2_000_000_000_000 }],
    });
    expect(sensor.health().detail).toMatch(/Asterisk 22\.10\.1, 1 registered contacts/);
  });

  test('tells a restart whenever it hears Asterisk again, and reads everything again', async () => {
    writeSecrets();
    const pbx = scriptPbx();
    const server = await serve(pbx);
    const { facts, start } = sense(server.port);
    const restarts = () => facts.filter(({ kind }) => kind === 'restart').length;
    const trunks = () => facts.filter(({ kind }) => kind === 'trunks');
    await start();
    await waitFor('the trunks', () => trunks().length > 0);
    const before = restarts();
    pbx.endpoints.set('trunk', { match: ['198.51.100.20/255.255.255.255'] });
    server.dropAll();
    await waitFor('the new trunk', () => JSON.stringify(trunks().at(-1)).includes('198.51.100.20'));
    expect(restarts()).toBeGreaterThan(before);
  });

  test('observes nothing in an event that was tampered with, counts it and raises an alarm', async () => {
    writeSecrets();
    const server = await serve();
    const { sensor, observations, start, live, active } = sense(server.port);
    await start();
    await live();
    const lines = toLines(failedGuess());
    server.write(toBytes([...lines, 'RemoteAddress: IPV4/TCP/198.51.100.7/5060']));
    server.write(toBytes(toLines(failedGuess({ AccountID: 'next' }))));
    await waitFor('the next event', () => observations.length > 0);
    expect(observations).toMatchObject([{ account: 'next' }]);
    expect(sensor.health().counters).toMatchObject({ tampered: 1 });
    expect([...active.keys()]).toEqual(['AMI_TAMPERED_EVENT']);
  });

  test('raises an alarm while Asterisk is lost', async () => {
    writeSecrets();
    const server = await serve();
    const { sensor, start, live, active } = sense(server.port);
    await start();
    await live();
    await server.close();
    cleanups.splice(cleanups.indexOf(server.close), 1);
    await waitFor('the alarm', () => active.has('AMI_DOWN'));
    expect(sensor.health()).toMatchObject({ state: 'down' });
  });

  test('clears the alarm when Asterisk is back', async () => {
    writeSecrets();
    const server = await serve();
    const { start, live, active, raised } = sense(server.port);
    await start();
    await live();
    server.dropAll();
    await waitFor('the alarm', () => raised.includes('AMI_DOWN'));
    await waitFor('no alarm', () => active.size === 0);
    await live();
  });

  test('says that its login is refused, and what to do', async () => {
    writeSecrets('events = "wrong-secret"\nactions = "wrong-secret"\n');
    const server = await serve();
    const { sensor, start, active } = sense(server.port);
    await start();
    await waitFor('the alarm', () => active.has('AMI_REFUSED'));
    expect(active.get('AMI_REFUSED')).toMatch(
      /refused the login of sipwarden-events \| run "sipwarden setup"/,
    );
    expect(sensor.health()).toMatchObject({ state: 'down' });
  });

  test('leaves no alarm behind when it is stopped', async () => {
    writeSecrets('events = "wrong-secret"\nactions = "wrong-secret"\n');
    const server = await serve();
    const { sensor, start, active } = sense(server.port);
    await start();
    await waitFor('the alarm', () => active.has('AMI_REFUSED'));
    await sensor.stop();
    expect(active.size).toBe(0);
    expect(sensor.health().state).toBe('off');
  });
});

describe('without a secret', () => {
  test('it is off and says how to switch it on', async () => {
    const { sensor, start, active } = sense(1);
    await start();
    expect(sensor.health()).toMatchObject({
      state: 'off',
      detail: expect.stringContaining('"sipwarden setup"'),
    });
    expect(active.size).toBe(0);
  });

  test('it is down and raises an alarm where it must be on', async () => {
    const { sensor, start, active } = sense(1, { enabled: 'yes' });
    await start();
    expect(sensor.health().state).toBe('down');
    expect(active.get('AMI_DOWN')).toMatch(/there is no .*ami.secret \| .*"sipwarden setup"/);
  });

  test('that only we can read, it says how to close the file', async () => {
    writeSecrets();
    chmodSync(secretFile, 0o644);
    const { sensor, start, active } = sense(1);
    await start();
    expect(sensor.health().state).toBe('down');
    expect(active.get('AMI_DOWN')).toContain(`chmod 0640 ${secretFile}`);
  });

  test('it is not even looked for where it is switched off', async () => {
    writeSecrets();
    const server = await serve();
    const { sensor, start } = sense(server.port, { enabled: 'no' });
    await start();
    expect(sensor.health()).toMatchObject({ state: 'off', detail: 'switched off: [ami] enabled = "no"' });
    expect(server.connections()).toBe(0);
  });
});

describe('the options', () => {
  test('all have a default', () => {
    expect(amiOptions.parse({})).toEqual({
      enabled: 'auto',
      host: '127.0.0.1',
      port: 5038,
      events_user: 'sipwarden-events',
      actions_user: 'sipwarden-actions',
      secret_file: '/etc/sipwarden/ami.secret',
      publish: true,
      mirror: true,
      reports: 'off',
      reports_per_minute: 60,
    });
  });

  test.each([
    { host: 'a b' },
    { port: 0 },
    { events_user: 'x\r\nAction: y' },
    { secret_file: '' },
    { other: 1 },
  ])('refuse %j', (options) => {
    expect(amiOptions.safeParse(options).success).toBe(false);
  });
});

describe('the alarms', () => {
  test('of a lag go when the events are on time again', () => {
    const { alarms, active } = board();
    const ami = createAmiAlarms(alarms, () => 0);
    ami.lag(6_200);
    expect(active.get('AMI_LAGGING')).toContain('6s late');
    ami.lag(3_000);
    expect(active.has('AMI_LAGGING')).toBe(true);
    ami.lag(10);
    expect(active.size).toBe(0);
  });

  test('of a tampered event go an hour after the last one', () => {
    const { alarms, active } = board();
    let time = 0;
    const ami = createAmiAlarms(alarms, () => time);
    ami.tampered();
    time = 3_600_000;
    ami.lag(0);
    expect([...active.keys()]).toEqual(['AMI_TAMPERED_EVENT']);
    time += 1;
    ami.lag(0);
    expect(active.size).toBe(0);
  });
});
