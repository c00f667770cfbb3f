// What Asterisk's command line runs (asterisk-conf/sipwarden_cli_aliases.conf): one word of ours, and behind it whatever
// was typed there. It speaks to the limited control socket. Asterisk shows standard output alone, and cuts it.
import { viewForConsole } from './cli/console-views.ts';
import { callDaemon } from './control/client.ts';
import type { Explanation, Forced, Status } from './control/operations.ts';
import { parseNetwork } from './model/address.ts';
import type { Attack } from './model/attack.ts';
import type { Decision } from './model/decision.ts';
import { exitCode, messageOf, SipwardenError } from './model/error.ts';
import { parseDuration } from './model/time.ts';

const defaultSocket = '/run/sipwarden/asterisk/control.sock';
/** Asterisk's SHELL() keeps 1,023 bytes. */
const outputLimit = 1_000;
const usage =
  'show status | show bans | show attacks | ban ADDRESS [DURATION] | unban ADDRESS | explain ADDRESS, ' +
  'such as "sipwarden ban 203.0.113.9 1h"';

type Ask = (method: 'GET' | 'POST', path: string, order?: object) => Promise<unknown>;

async function answer(words: readonly string[], ask: Ask): Promise<string> {
  const [verb, first = '', second, ...rest] = words;
  const command = verb === 'show' ? `show ${first}` : verb;
  const isLong = rest.length > 0 || (second !== undefined && verb !== 'ban');
  if (isLong) throw wrong();
  switch (command) {
    case 'show status':
      return viewForConsole.status((await ask('GET', '/v1/status')) as Status);
    case 'show bans':
      return viewForConsole.bans((await ask('GET', '/v1/bans')) as Decision[]);
    case 'show attacks':
      return viewForConsole.attacks((await ask('GET', '/v1/attacks?limit=20')) as Attack[]);
    case 'ban': {
      const order = { target: network(first), ...(second !== undefined && { forMs: duration(second) }) };
      return viewForConsole.banned((await ask('POST', '/v1/bans', order)) as Forced<Decision>);
    }
    case 'unban':
      return viewForConsole.unbanned(
        (await ask('POST', '/v1/unban', { target: network(first) })) as {
          target: string;
          wasInForce: boolean;
        },
      );
    case 'explain': {
      const query = new URLSearchParams({ target: network(first) });
      return viewForConsole.explanation((await ask('GET', `/v1/explain?${query}`)) as Explanation);
    }
    default:
      throw wrong();
  }
}

function network(text: string): string {
  const parsed = parseNetwork(text);
  if (parsed !== undefined) return parsed;
  throw wrong();
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000) return ms;
  throw wrong();
}

/** What was typed is not repeated: the terminal is somebody else's. */
function wrong(): SipwardenError {
  return new SipwardenError('USAGE', `expected one of: ${usage}`);
}

/** Cut at a character, with a word on where the rest is. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= outputLimit) return text;
  const hint = '\n... cut: the "sipwarden" command of the shell shows all of it';
  const kept = new TextDecoder().decode(bytes.subarray(0, outputLimit - hint.length), { stream: true });
  return `${kept}${hint}`;
}

async function run(args: readonly string[]): Promise<number> {
  const isNamed = args[0] === '--socket';
  const socket = isNamed ? (args[1] ?? '') : defaultSocket;
  try {
    process.stdout.write(
      `${cut(await answer(args.slice(isNamed ? 2 : 0), (...asked) => callDaemon(socket, ...asked)))}\n`,
    );
    return 0;
  } catch (error) {
    const code = error instanceof SipwardenError ? error.code : 'UNEXPECTED';
    process.stdout.write(`${cut(`${messageOf(error)} [${code}]`)}\n`);
    if (code === 'USAGE') return exitCode.usage;
    return code === 'DAEMON_NOT_REACHABLE' ? exitCode.daemonNotReachable : exitCode.failed;
  }
}

process.exitCode = await run(process.argv.slice(2));
