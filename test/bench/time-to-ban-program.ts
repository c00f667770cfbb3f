// Runs inside the PBX's namespace, where the source of its argument floods port 5060: bans and unbans it, in turns
// through our session and with a fork, and counts what still arrives after each order. Prints BanTimes as JSON.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createIpsetSession } from '../../src/enforce/ipset-session.ts';
import { kernelSet } from '../../src/enforce/kernel-sets.ts';
import { runCommand } from '../../src/lib/run-command.ts';
import { median } from './ratio.ts';
import type { BanTimes } from './time-to-ban.ts';

const rounds = 15;
const quietMs = 60;
const [source = ''] = process.argv.slice(2);
const set = kernelSet('ban', 4);
const session = createIpsetSession({ commandPrefix: [], answerWithinMs: 5_000 });
const ways = {
  session: session.run,
  fork: (command: string) => runCommand('ipset', command.split(' ')),
};

const socket = createSocket('udp4');
let arrived = 0;
socket.on('message', () => {
  arrived += 1;
});
socket.bind(5_060);
await once(socket, 'listening');

const pause = () => new Promise((resolve) => setTimeout(resolve, quietMs));

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !isSo(); await pause()) {
    if (Date.now() > end) throw new Error('the source does not flood');
  }
}

async function ban(way: (command: string) => Promise<unknown>): Promise<{ ms: number; leaked: number }> {
  arrived = 0;
  await until(() => arrived > 0);
  arrived = 0;
  const start = performance.now();
  await way(`add ${set} ${source} timeout 60 -exist`);
  const ms = performance.now() - start;
  await pause();
  const leaked = arrived;
  await session.run(`del ${set} ${source} -exist`);
  return { ms, leaked };
}

await session.run(`del ${set} ${source} -exist`);
const runs = {
  session: [] as { ms: number; leaked: number }[],
  fork: [] as { ms: number; leaked: number }[],
};
for (let round = 0; round < rounds; round += 1) {
  for (const name of ['session', 'fork'] as const) runs[name].push(await ban(ways[name]));
}
const middle = (name: keyof typeof runs, what: 'ms' | 'leaked') => median(runs[name].map((run) => run[what]));
const total = (name: keyof typeof runs) => runs[name].reduce((sum, { leaked }) => sum + leaked, 0);
const times: BanTimes = {
  speed: middle('fork', 'ms') / middle('session', 'ms'),
  leaked: total('session') / total('fork'),
};
process.stdout.write(JSON.stringify(times));
await session.close();
socket.close();
