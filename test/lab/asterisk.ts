// A real Asterisk on a host of the lab, 22 or 16, with a folder of its own; nothing of the machine's Asterisk is read.
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, tryCommand } from '../../src/lib/run-command.ts';
import { waitFor } from '../wait-for.ts';
import type { Host } from './addresses.ts';
import { asteriskFiles, type Build, certificateFile, usualBuild } from './asterisk-config.ts';
import type { LabProcess } from './lab-process.ts';
import type { Network } from './namespaces.ts';
import { makeLabFolder } from './stale-labs.ts';

export interface Asterisk {
  readonly pid: number;
  /** Its configuration folder, for what an administrator changes in it. */
  readonly etc: string;
  /** Runs one command of Asterisk's console. */
  cli(command: string): Promise<string>;
  /** What it said of SIP requests in its security log, oldest first: what reached it and was judged. */
  securityLog(wanted?: Partial<SecurityEvent>): Promise<readonly SecurityEvent[]>;
  /** Ends it without a word. */
  kill(): Promise<void>;
  /** Once more, with what its folder holds; resolves when it has booted. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SecurityEvent {
  readonly event: string;
  readonly account: string;
  readonly transport: string;
  readonly address: string;
  readonly port: number;
  readonly callId: string;
}

export interface AsteriskOptions {
  /** Further files of its etc folder, or others in place of the lab's: `{ 'manager.d/sipwarden.conf': '...' }`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly build?: Build;
}

const scripts = join(import.meta.dirname, '../../scripts');
const buildTimeoutMs = 600_000;

export async function startAsterisk(
  network: Network,
  host: Host = 'pbx',
  { files = {}, build = usualBuild }: AsteriskOptions = {},
): Promise<Asterisk> {
  const building = runCommand(join(scripts, 'asterisk-root'), [build.version], { timeoutMs: buildTimeoutMs });
  const root = (await building).stdout;
  const folder = await makeLabFolder();
  const etc = join(folder, 'etc');
  for (const name of ['varlib', 'db', 'spool', 'run', 'log', 'etc/manager.d']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  for (const [name, text] of Object.entries({ ...asteriskFiles(folder, root, build), ...files })) {
    await mkdir(dirname(join(etc, name)), { recursive: true });
    await writeFile(join(etc, name), text);
  }
  const certificate = join(folder, certificateFile);
  const newKey = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-days', '30', '-subj', '/CN=lab', '-keyout', certificate, '-out', `${certificate}.crt`];
  await runCommand('openssl', [...newKey, ...subject]);
  await appendFile(certificate, await readFile(`${certificate}.crt`));
  // The root is another Debian release: it brings its own loader and libraries, so that no chroot is needed.
  const places = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'usr/lib'];
  const libraries = places.map((place) => join(root, place));
  const [loader, ...program] = [
    join(root, 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
    ...['--library-path', libraries.join(':'), join(root, 'usr/sbin/asterisk')],
    ...['-C', join(etc, 'asterisk.conf')],
  ] as const;
  let child: LabProcess;
  const cli = async (command: string) => (await runCommand(loader, [...program, '-rx', command])).stdout;
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const start = async () => {
    child = network.start(host, loader, [...program, '-f']);
    await waitFor('Asterisk has booted', async () => {
      if (!child.isRunning()) throw new Error(`Asterisk ended at once: ${child.stderr()}${child.stdout()}`);
      return (await tryCommand(loader, [...program, '-rx', 'core waitfullybooted'])).exitCode === 0;
    });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    get pid() {
      return child.pid;
    },
    etc,
    cli,
    start,
    kill: () => child.stop('SIGKILL'),
    async securityLog(wanted = {}) {
      const events = readSecurityLog(await readFile(join(folder, 'log/security'), 'utf8'));
      return events.filter((event) =>
        Object.entries(wanted).every(([key, value]) => event[key as keyof SecurityEvent] === value),
      );
    },
    stop,
  };
}

function readSecurityLog(text: string): readonly SecurityEvent[] {
  return text.split('\n').flatMap((line) => {
    const fields = Object.fromEntries(
      [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
    const { SecurityEvent: event, AccountID: account, SessionID: callId, RemoteAddress: remote } = fields;
    if (!event || (fields.Service !== 'PJSIP' && fields.Service !== 'SIP')) return [];
    const [, transport, address, port] = String(remote).split('/');
    return [{ event, account, transport, address, port: Number(port), callId } as SecurityEvent];
  });
}
