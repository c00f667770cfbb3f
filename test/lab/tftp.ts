// A real TFTP server on the PBX host (dnsmasq's), and a phone's real client (tftp-hpa) that fetches its settings.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../wait-for.ts';
import { addresses, type Host } from './addresses.ts';
import type { Network } from './namespaces.ts';
import { makeLabFolder } from './stale-labs.ts';

export interface TftpServer {
  /** Requests that reached the server from this address so far, files that are not there among them. */
  requestsFrom(address: string): Promise<number>;
  stop(): Promise<void>;
}

/** Serves `phone0.cfg` to `phone99.cfg`. */
export async function startTftpServer(network: Network): Promise<TftpServer> {
  const folder = await makeLabFolder();
  const [root, log] = [join(folder, 'files'), join(folder, 'log')];
  await mkdir(root);
  for (let index = 0; index < 100; index += 1) await writeFile(join(root, `phone${index}.cfg`), 'secret\n');
  await writeFile(log, '');
  const child = network.start('pbx', 'dnsmasq', [
    ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--log-facility=${log}`],
    ...['--enable-tftp', `--tftp-root=${root}`, '--pid-file='],
  ]);
  await waitFor('the TFTP server listens', async () => {
    if (!child.isRunning()) throw new Error(`dnsmasq ended at once: ${child.stderr()}`);
    return (await network.run('pbx', 'ss', ['-Hulno', 'sport = :69'])).stdout !== '';
  });
  return {
    async requestsFrom(address) {
      const lines = (await readFile(log, 'utf8')).split('\n');
      return lines.filter((line) => line.includes('dnsmasq-tftp') && line.includes(address)).length;
    },
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Asks for them one after the other, and throws away what comes. */
export async function askForFiles(network: Network, host: Host, files: readonly string[]): Promise<void> {
  const commands = files.map((file) => `get ${file} /dev/null`).join('\n');
  const options = { input: `${commands}\nquit\n`, timeoutMs: 60_000 };
  await network.run(host, 'tftp', ['-m', 'binary', addresses.pbx.ipv4], options);
}

/** How many of the files `phone0.cfg` ... a host gets, one after the other. */
export async function fetchFiles(network: Network, host: Host, count: number): Promise<number> {
  const folder = await makeLabFolder();
  try {
    const commands = Array.from({ length: count }, (_, index) => `get phone${index}.cfg`).join('\n');
    const inFolder = ['-c', 'cd "$1" && exec tftp -m binary "$2"', 'sh', folder, addresses.pbx.ipv4];
    await network.run(host, 'sh', inFolder, { input: `${commands}\nquit\n`, timeoutMs: 60_000 });
    const got = await network.run(host, 'ls', [folder]);
    return got.stdout.split('\n').filter(Boolean).length;
  } finally {
    await rm(folder, { recursive: true });
  }
}
