// Shows at the start that a ban really reaches the kernel: an address that nobody has is banned, read back and let go.
import type { Network } from '../model/address.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Enforcer } from '../model/enforcer.ts';
import { codeOf, hintOf, messageOf } from '../model/error.ts';
import type { Time } from '../model/time.ts';

/** Broadcast addresses of networks for documentation (RFC 5737). */
const nobody: readonly Network[] = ['192.0.2.255', '198.51.100.255', '203.0.113.255'];
/** The kernel forgets the ban even if we die in between. Milliseconds. */
const lastsMs = 10_000;
const alarmCode = 'FIREWALL_SELF_TEST';

export interface SelfTestParts {
  readonly enforcer: Enforcer;
  readonly alarms: Alarms;
  readonly now: () => Time;
}

/** Never rejects: that it failed is an alarm. */
export async function testEnforcer({ enforcer, alarms, now }: SelfTestParts): Promise<void> {
  try {
    const target = await banNobody(enforcer, now() + lastsMs);
    const isHeld = await holds(enforcer, target);
    await enforcer.remove({ set: 'ban', target });
    if (!isHeld) throw new Error(`the ban of ${target} was taken and is not in the kernel`);
    if (await holds(enforcer, target))
      throw new Error(`the ban of ${target} was lifted and still is in the kernel`);
    alarms.clear(alarmCode);
  } catch (error) {
    const hint = hintOf(error) || 'nobody may be blocked: see the log';
    alarms.raise(alarmCode, `the firewall failed its test: ${messageOf(error)}`, hint);
  }
}

/** Of the three the first that no list protects. */
async function banNobody(enforcer: Enforcer, until: Time): Promise<Network> {
  for (const target of nobody) {
    try {
      await enforcer.add({ set: 'ban', target, until });
      return target;
    } catch (error) {
      if (codeOf(error) !== 'FIREWALL_UNTOUCHABLE') throw error;
    }
  }
  throw new Error('every address for documentation is protected');
}

async function holds(enforcer: Enforcer, target: Network): Promise<boolean> {
  const held = await enforcer.list();
  return held.some((entry) => entry.set === 'ban' && entry.target === target);
}
