// Asterisk's named ACL: has it read its file again, and reads back what it holds where the actions login may (class `command`).

import { parseNetwork } from '../model/address.ts';
import { bitsOf } from '../model/address-bits.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { AclRule, PbxAcl } from '../model/pbx-acl.ts';
import { aclStub } from './acl-stub.ts';
import type { AmiActions } from './ami-actions.ts';

export interface AclModule extends PbxAcl {
  /** The actions login is live, or is so no more. */
  connect(actions: AmiActions | undefined): void;
  counters(): { readonly aclReads: number };
}

const hint =
  'the file is written and Asterisk reads it when it starts; it is tried again by itself. By hand: asterisk -rx "module reload acl"';

export function createAclModule(section: () => string): AclModule {
  const listeners = new Set<() => void>();
  let actions: AmiActions | undefined;
  let reads = 0;
  /** Unknown until it was tried. */
  let mayReadBack: boolean | undefined;

  const readBack = async (live: AmiActions): Promise<readonly AclRule[] | undefined> => {
    const { response, output } = await live.action('Command', { Command: `acl show ${section()}` });
    mayReadBack = response === 'Success';
    return mayReadBack ? parseShownAcl(output ?? '') : undefined;
  };
  return {
    connect(live) {
      actions = live;
      mayReadBack = undefined;
      if (live) for (const onLive of listeners) onLive();
    },
    async take(rules) {
      const live = actions;
      if (!live) throw notRead('there is no actions login to Asterisk');
      const { response, message = '' } = await live
        .action('Reload', { Module: 'acl' })
        .catch((error) => Promise.reject(notRead(messageOf(error))));
      if (response !== 'Success') throw notRead(message.slice(0, 200));
      reads += 1;
      if (mayReadBack === false) return;
      const shown = await readBack(live).catch((error) => Promise.reject(notRead(messageOf(error))));
      if (mayReadBack) compare(rules, shown, section());
    },
    counters: () => ({ aclReads: reads }),
    watch(onLive) {
      listeners.add(onLive);
      return () => listeners.delete(onLive);
    },
    notices: () =>
      mayReadBack === false
        ? [
            'what Asterisk holds is not read back: "sipwarden setup --with-command" lets the actions login do so',
          ]
        : [],
  };
}

/** What `acl show NAME` prints: `  1:  deny - 203.0.113.0/255.255.255.0`. Undefined where it is no list. */
export function parseShownAcl(output: string): readonly AclRule[] | undefined {
  if (!/^ACL: /m.test(output)) return undefined;
  const lines = [...output.matchAll(/^\s*\d+:\s*(allow|deny) - ([\da-f.:]+)\/([\da-f.:]+)\s*$/gm)];
  return lines.map(([, sense, address = '', mask = '']): AclRule => {
    const length = bitsOf(mask).words.reduce((sum, word) => sum + Math.clz32(~word), 0);
    const network = parseNetwork(`${address}/${length}`) ?? '';
    return { sense: sense === 'deny' ? 'deny' : 'permit', network };
  });
}

function compare(rules: readonly AclRule[], shown: readonly AclRule[] | undefined, section: string): void {
  const wordsOf = (each: readonly AclRule[]) => each.map(({ sense, network }) => `${sense} ${network}`);
  const wanted = wordsOf([aclStub, ...rules]);
  if (shown && wordsOf(shown).join() === wanted.join()) return;
  const found = shown ? `${shown.length} rules, not the ${wanted.length} that are wanted` : 'no such ACL';
  throw new SipwardenError('ACL_NOT_IN_FORCE', `Asterisk has ${found} in [${section}] of acl.conf`, {
    hint: '"sipwarden setup" puts the section and its #tryinclude in place; then: asterisk -rx "module reload acl"',
  });
}

function notRead(why: string): SipwardenError {
  return new SipwardenError('ACL_NOT_READ', `Asterisk has not read its new ACL: ${why}`, { hint });
}
