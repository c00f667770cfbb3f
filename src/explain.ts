// One sentence that answers "is it blocked, and why".
import type { Network } from './model/address.ts';
import type { Decision, Untouchable } from './model/decision.ts';
import type { ListEntry, ListName } from './model/list-entry.ts';
import { isoTime } from './model/time.ts';

export function explainVerdict(
  target: Network,
  inForce: readonly Decision[],
  listed: readonly (ListEntry & { list: ListName })[],
  objection: Untouchable | undefined,
): string {
  const allowed = listed.find(({ list }) => list === 'allow');
  if (allowed) return `${target} is never blocked: ${allowed.target} is on the allowlist`;
  const denied = listed.find(({ list }) => list === 'deny');
  if (denied) {
    const end = denied.until === undefined ? 'it is taken off the denylist' : isoTime(denied.until);
    return `${target} is blocked until ${end}: ${denied.target} is on the denylist`;
  }
  const whole = inForce.filter(({ action }) => action === 'ban' || action === 'drop');
  const [strongest] = whole.toSorted((one, other) => (other.until ?? Infinity) - (one.until ?? Infinity));
  if (strongest?.enforced) {
    const end = strongest.until === undefined ? 'for good' : `until ${isoTime(strongest.until)}`;
    return `${target} is blocked (${strongest.action}) ${end}: ${strongest.reason}`;
  }
  if (strongest) return `${target} would be blocked (observe mode): ${strongest.reason}`;
  const ports = inForce.filter(({ action, enforced }) => action === 'port-ban' && enforced);
  const expelled = inForce.find(({ action, enforced }) => action === 'expel' && enforced);
  const held = inForce.find(({ action }) => action === 'held');
  const parts = [
    objection
      ? `${target} is not blocked: ${objection.because}, ${objection.detail}`
      : `${target} is not blocked`,
    ...(ports.length > 0 ? [`${ports.length === 1 ? 'one port' : `${ports.length} ports`} of it are`] : []),
    ...(expelled
      ? [`it is put out of the PBX until ${isoTime(expelled.until ?? 0)}: ${expelled.reason}`]
      : []),
    ...(held ? [`a ban waits for a person: sipwarden approve|dismiss ${held.id}`] : []),
  ];
  return parts.join('; ');
}
