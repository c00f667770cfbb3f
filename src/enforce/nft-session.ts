// How a long-lived `nft -i` is spoken to. One line is one transaction: all of it or nothing.
import {
  type CommandSession,
  type CommandSessionParts,
  createCommandSession,
  type Dialect,
} from './command-session.ts';
import { firewallError } from './firewall-error.ts';

const dialect: Dialect = {
  program: 'nft',
  args: ['-i'],
  // A word that is no command: nft complains about the syntax, and then shows the word in a line of its own.
  failing: (number) => `acknowledge${number}`,
  numberIn(line) {
    const number = /^acknowledge(\d+)$/.exec(line)?.[1];
    return number === undefined ? undefined : Number(number);
  },
  failure(complaints) {
    const reasons = [...complaints.matchAll(/\bError: (.*)$/gm)].map(([, reason = '']) => reason);
    // The last one is about the word.
    const [reason] = reasons;
    if (reason === undefined || reasons.length === 1) return undefined;
    // A removal first makes sure that the member is there: what is missing is the set, or what leads to it.
    if (reason.includes('No such file or directory')) {
      return firewallError('FIREWALL_NOT_PREPARED', 'a set of ours is not in the kernel');
    }
    if (reason.includes('Too many open files in system')) {
      return firewallError('FIREWALL_SET_FULL', 'the set takes no more members');
    }
    return firewallError('FIREWALL_COMMAND_FAILED', `nft refused a command: ${reason}`);
  },
  // It shows the line that it complains about.
  longestLine: 1_048_576,
};

export function createNftSession(parts: CommandSessionParts): CommandSession {
  return createCommandSession(dialect, parts);
}
