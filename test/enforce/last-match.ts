// Asterisk's rule, naively: of all lines the last one that matches decides, and where none does one is let in.
import { contains, type Network, parseNetwork } from '../../src/model/address.ts';

/** Of the text of an ACL's section. Throws where Asterisk would refuse it. */
export function isDenied(text: string, address: Network): boolean {
  let verdict = false;
  for (const line of text.split('\n')) {
    const rule = line.replace(/;.*/, '').trim();
    if (rule === '') continue;
    const [, sense, range = ''] = /^(deny|permit) = (\S+\/\d+)$/.exec(rule) ?? [];
    const network = parseNetwork(range);
    if (network === undefined) throw new Error(`no rule: ${line}`);
    if (contains(network, address)) verdict = sense === 'deny';
  }
  return verdict;
}
