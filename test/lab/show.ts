// The lab for a person: a real Asterisk with sipwarden beside it, a phone that registers and calls, and real attacks.
// Everything happens in network namespaces of its own, which are gone afterwards.
import { styleText } from 'node:util';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { enumerateExtensions, forgeRegistrations } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svcrack, svmap, wrongPasswords } from './tools.ts';

const attacker = addresses.attacker.ipv4;
const say = (text: string) => void process.stdout.write(`${text}\n`);
const title = (text: string) => say(`\n${styleText(['bold', 'cyan'], `▶ ${text}`)}`);

let network: Network | undefined;
let asterisk: Asterisk | undefined;
let sipwarden: Sipwarden | undefined;
let phone: Phone | undefined;

async function takeDown(): Promise<void> {
  await phone?.stop();
  await sipwarden?.stop();
  await asterisk?.stop();
  await network?.close();
}

async function show(): Promise<void> {
  title('A PBX: Asterisk 22, extension 100 registered on a phone that calls every second');
  network = await createNetwork();
  asterisk = await startAsterisk(network);
  const withoutSignatures = '[firewall]\nhot_signatures = []\n[detect.scanner-signature]\noff = ["*"]\n';
  const protectedBy = await startSipwarden(network, asterisk, withoutSignatures);
  sipwarden = protectedBy;
  const calling = startPhone(network);
  phone = calling;
  await waitFor('the phone is shielded', async () => (await protectedBy.status()).inForce.shielded > 0);
  const print = async (...args: string[]) => say((await protectedBy.command(...args)).stdout);
  await print('status');

  title('svcrack guesses the password of 1005 (its scanner name is not on the list for now)');
  await svcrack(network, { account: '1005', passwords: wrongPasswords(400), seconds: 5 });
  const guesses = (await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: attacker }))
    .length;
  say(`Asterisk judged ${guesses} guesses; then the kernel dropped the rest.`);
  await print('explain', attacker);
  await print('unban', attacker);

  title('200 extensions are tried, 50 a second');
  const { answered } = await enumerateExtensions(network);
  say(`Asterisk answered ${answered} of 200.`);
  await print('bans');
  await print('unban', attacker);

  title('The scanner list is switched on while sipwarden runs; svmap comes by twice');
  await protectedBy.configure('');
  await waitFor('the list is in force', () => /configuration applied/.test(protectedBy.log()));
  for (const time of ['first', 'second']) {
    const { output } = await svmap(network, { seconds: 3 });
    say(`${time} time: ${output.includes(addresses.pbx.ipv4) ? 'answered' : 'no answer'}`);
  }
  await print('bans');

  title("20 forged packets bear the phone's address");
  await forgeRegistrations(network, { as: addresses.phone.ipv4, port: 5_060 });
  await waitFor(
    'they are recorded',
    async () => (await protectedBy.attacks(addresses.phone.ipv4)).length > 0,
  );
  await print('explain', addresses.phone.ipv4);

  title('All the while, the phone');
  const { registrations, calls, longestGapMs } = calling.report();
  say(
    `registered ${registrations.succeeded} times (${registrations.failed} failed), called ${calls.succeeded} times`,
  );
  say(`(${calls.failed} failed); its longest time without a success was ${longestGapMs} ms.`);
}

process.once('SIGINT', () => void takeDown().then(() => process.exit(130)));
try {
  await show();
} finally {
  await takeDown();
}
