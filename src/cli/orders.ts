// What the commands that order something have in common: whom they call, who gives the order, and what they refuse.
import { userInfo } from 'node:os';
import { sshClientAddress } from '../config.ts';
import type { Forced } from '../control/operations.ts';
import { parseNetwork } from '../model/address.ts';
import type { Change } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import { SipwardenError } from '../model/error.ts';
import { parseDuration } from '../model/time.ts';
import { clock, type Output, plain, toJson } from './print.ts';

export type Call = (
  method: 'GET' | 'POST',
  path: string,
  order?: object,
  onProgress?: (progress: unknown) => void,
) => Promise<unknown>;

export function showBan(output: Output, json: true | undefined, answer: Forced<Decision>): void {
  show(output, json, answer, ({ result: { target, until }, change }) => {
    return `${target} is blocked until ${clock(until)}${untilConfirmed(change)}`;
  });
}

/** What must be said of an order that hit ours. */
export function untilConfirmed(change: Change | undefined): string {
  if (!change) return '';
  const hits = change.hits.map((hit) => `\n  it hits ${plain(hit)}`).join('');
  return `${hits}\n  undone at ${clock(change.until)} unless you say: sipwarden confirm ${change.id}`;
}

/** Who gives the order, and over SSH from where: whoever would cut himself off is told. */
export function giver(force: true | undefined) {
  const from = sshClientAddress();
  return { by: userInfo().username, ...(from !== undefined && { from }), ...(force && { force }) };
}

export function show<Answer>(
  output: Output,
  json: true | undefined,
  answer: Answer,
  view: (answer: Answer) => string,
): void {
  output.out(json ? toJson(answer) : view(answer));
}

export function network(text: string): string {
  const parsed = parseNetwork(text);
  if (parsed !== undefined) return parsed;
  throw new SipwardenError(
    'USAGE',
    `${JSON.stringify(text.slice(0, 60))} is neither an address nor a network`,
    {
      hint: 'such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/64',
    },
  );
}

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000) return ms;
  throw new SipwardenError('USAGE', `--for ${JSON.stringify(text.slice(0, 20))} is no duration`, {
    hint: 'such as 90s, 30m, 1h or 7d',
  });
}
