// iptables comes in two variants that do not see each other's rules: for nf_tables, and for the older ("legacy") tables
// of the kernel. Both stand on many hosts, and a packet passes the rules of both.
import { tryCommand } from '../lib/run-command.ts';
import { messageOf } from '../model/error.ts';

const other = {
  nf_tables: { name: 'legacy', program: 'iptables-legacy-save' },
  legacy: { name: 'nf_tables', program: 'iptables-nft-save' },
} as const;
type Variant = keyof typeof other;

/** A sentence for a person where rules stand in the tables that this machine's iptables does not show. */
export async function dividedTables(commandPrefix: readonly string[]): Promise<string | undefined> {
  const said = async (...command: readonly string[]) => {
    const [file = '', ...args] = [...commandPrefix, ...command];
    return tryCommand(file, args).then(({ stdout }) => stdout, messageOf);
  };
  const ours = variantOf(await said('iptables', '-V'));
  const { name, program } = other[ours];
  const hidden = (await said(program)).split('\n').filter((line) => line.startsWith('-A '));
  if (hidden.length === 0) return undefined;
  const rules = hidden.length === 1 ? 'one rule stands' : `${hidden.length} rules stand`;
  return `iptables is the variant for ${ours} here, and ${rules} in the ${name} tables, which it does not show (${program} does): packets pass both`;
}

/** Before 1.8 there was only one. */
function variantOf(version: string): Variant {
  return version.includes('(nf_tables)') ? 'nf_tables' : 'legacy';
}
