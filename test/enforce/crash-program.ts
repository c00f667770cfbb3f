// Prepares a firewall, or tears it down, once its standard input ends, and is killed meanwhile by a test.
// Arguments: the order, and what stands before every command.
import { text } from 'node:stream/consumers';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { rules } from './crash-rules.ts';

const [order, ...commandPrefix] = process.argv.slice(2);
const enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix });
process.stdout.write('ready\n');
await text(process.stdin);
if (order === 'teardown') await enforcer.teardown();
else await enforcer.prepare();
await enforcer.close();
