// How a long-lived `ipset -` is spoken to (ipset 6 and 7).
import {
  type CommandSession,
  type CommandSessionParts,
  createCommandSession,
  type Dialect,
} from './command-session.ts';
import { firewallError } from './firewall-error.ts';

const dialect: Dialect = {
  program: 'ipset',
  args: ['-'],
  failing: (number) => `create - ${number}`,
  numberIn(line) {
    const number = /typename '(\d+)' is unknown/.exec(line)?.[1];
    return number === undefined ? undefined : Number(number);
  },
  failure(complaints) {
    const said = complaints.trim().replace(/^ipset v[\d.]+: /, '');
    if (/set with the given name does not exist/.test(said)) {
      return firewallError('FIREWALL_NOT_PREPARED', 'a set of ours is not in the kernel');
    }
    if (/is full/.test(said)) return firewallError('FIREWALL_SET_FULL', 'the set takes no more members');
    return firewallError('FIREWALL_COMMAND_FAILED', `ipset refused a command: ${said}`);
  },
  longestLine: 4_096,
};

export function createIpsetSession(parts: CommandSessionParts): CommandSession {
  return createCommandSession(dialect, parts);
}
