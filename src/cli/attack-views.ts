// The records of attacks as people read them.
import type { Attack } from '../model/attack.ts';
import type { Evidence } from '../model/detection.ts';
import { describeAct } from '../model/expulsion.ts';
import type { Origin } from '../model/geography.ts';
import { formatDuration } from '../model/time.ts';
import { clock, plain, quoted, table } from './print.ts';

export function viewAttacks(attacks: readonly Attack[]): string {
  return table(
    ['FIRST', 'LAST', 'SOURCE', 'FROM', 'ATTACK', 'PROOF', 'MESSAGES', 'ACTION', 'UNTIL'],
    attacks.map((attack) => [
      clock(attack.firstTime),
      clock(attack.lastTime),
      attack.source,
      originOf(attack),
      attack.attack,
      attack.proof,
      String(attack.messages),
      attack.action,
      clock(attack.until),
    ]),
    'no attacks',
  );
}

/** `DE`, or `DE AS3320 Deutsche Telekom AG`; empty where nothing is known. */
export function originOf({ country, autonomousSystem }: Origin): string {
  const system = autonomousSystem && `AS${autonomousSystem.number} ${autonomousSystem.name}`;
  return [country, system]
    .filter((part) => part !== undefined)
    .join(' ')
    .trim();
}

export function viewAttack({
  attack,
  proof,
  firstTime,
  lastTime,
  messages,
  victims,
  evidence,
  reason,
  acts = [],
}: Attack): string[] {
  return [
    `${attack} (${proof}), ${clock(firstTime)} to ${clock(lastTime)}, ${messages} messages`,
    `  counted:  ${countedOf(evidence)}`,
    `  seen by:  ${Object.entries(evidence.sensors)
      .map(([sensor, count]) => `${sensor} ${count}`)
      .join(', ')} over ${evidence.transports.join(', ')}`,
    ...proofsOf(evidence).map((proof) => `  proof:    ${proof}`),
    ...(victims.length > 0
      ? [`  against:  ${victims.map(({ address, port }) => `${address} port ${port}`).join(', ')}`]
      : []),
    ...(evidence.accounts.length > 0 ? [`  accounts: ${evidence.accounts.map(quoted).join(', ')}`] : []),
    ...(evidence.userAgents.length > 0 ? [`  agents:   ${evidence.userAgents.map(quoted).join(', ')}`] : []),
    ...(evidence.values.length > 0 ? [`  values:   ${evidence.values.map(quoted).join(', ')}`] : []),
    `  decided:  ${reason}`,
    ...acts.map((act) => `  done:     ${plain(describeAct(act))}, ${clock(act.time)}`),
  ];
}

function countedOf({ counted }: Evidence): string {
  return `${counted.count} ${counted.what} within ${formatDuration(counted.withinMs)} (more than ${counted.limit} is an attack)`;
}

const rungs = {
  'nonce-echo': 'echoed a nonce that we saw leave to that very address',
  'dialog-tag': 'carried a To-tag that we made at random and saw leave to that address',
  connection: 'came over a connection',
  vouched: 'were vouched for by a program of the PBX',
} as const;

function proofsOf({ proofs, inventedNonces }: Evidence): string[] {
  const seen = proofs.map(({ by, seenBy, messages, firstTime, lastTime, until }) => {
    const times = `${clock(firstTime)} to ${clock(lastTime)}`;
    const end = until === undefined ? 'while it stands' : `until ${clock(until)}`;
    return `${messages} messages ${rungs[by]} (seen by ${seenBy}, ${times}; proves ${end})`;
  });
  const none = 'none: one forged packet each could have made this evidence';
  const invented = `${inventedNonces} messages echoed a nonce that was never issued`;
  return [...(seen.length > 0 ? seen : [none]), ...(inventedNonces > 0 ? [invented] : [])];
}
