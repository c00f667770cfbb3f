// A sidecar in a stranger's hands: says that it is ready, then writes what no sidecar writes, then one good message.
import { scan } from '../../observations.ts';

const lines = [
  JSON.stringify({ kind: 'ready', pid: process.pid, uid: 65_534 }),
  'garbage \u001b[2J',
  JSON.stringify({ kind: 'observations', list: [{ ...scan(), source: { address: 'a', port: 1 } }] }),
  JSON.stringify({ kind: 'ban', address: '192.0.2.7' }),
  'x'.repeat(3 * 1024 * 1024),
  JSON.stringify({ kind: 'observations', list: [scan()] }),
  JSON.stringify({ kind: 'counters', counters: { packets: 1, refused: 0, restarts: 99 } }),
];
process.stdout.write(`${lines.join('\n')}\n`);
process.stdin.resume().on('end', () => process.exit());
