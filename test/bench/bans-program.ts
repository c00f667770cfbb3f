// Runs inside a namespace, so that neither way to ban pays for entering it. Prints the ratio of bans a second, one
// after the other, each acknowledged before the next.
import { createIpsetSession } from '../../src/enforce/ipset-session.ts';
import { runCommand } from '../../src/lib/run-command.ts';
import { medianRatio } from './ratio.ts';

const rounds = 11;
const bansBySession = 1_000;
const bansByFork = 20;

const session = createIpsetSession({ commandPrefix: [], answerWithinMs: 5_000 });
await runCommand('ipset', ['create', 'bench', 'hash:net', 'maxelem', '262144', 'timeout', '0']);

let banned = 0;
const nextBan = (): string => {
  banned += 1;
  return `add bench 198.18.${banned >> 8}.${banned & 255} timeout 3600 -exist`;
};
const perSecond = async (count: number, ban: (command: string) => Promise<unknown>) => {
  const start = performance.now();
  for (let index = 0; index < count; index += 1) await ban(nextBan());
  return (count * 1_000) / (performance.now() - start);
};

const ratio = await medianRatio(
  rounds,
  () => perSecond(bansBySession, session.run),
  () => perSecond(bansByFork, (command) => runCommand('ipset', command.split(' '))),
);
await session.close();
process.stdout.write(String(ratio));
