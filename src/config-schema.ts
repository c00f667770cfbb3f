// The whole configuration, composed from the schemas that the plug-ins bring along. No value is read here.
import { z } from 'zod';
import { controlOptions } from './control/control-options.ts';
import { expulsionOptions } from './decide/expulsion-options.ts';
import { limitOptions } from './decide/limit-options.ts';
import { policyOptions } from './decide/policy-options.ts';
import { shieldOptions } from './decide/shield-options.ts';
import { detectOptions, section } from './detect-options.ts';
import { aclOptions } from './enforce/acl-options.ts';
import { firewallOptions } from './enforce/firewall-options.ts';
import { geoipOptions } from './geoip/geoip-options.ts';
import { logLevels } from './lib/logger.ts';
import { portsOption, userOption } from './model/options.ts';
import type { Signature } from './model/signature.ts';
import { amiOptions } from './sense/ami.ts';
import { captureOptions } from './sense/capture-options.ts';
import { hepOptions } from './sense/hep-options.ts';
import { hostOptions } from './sense/host-options.ts';
import { storeOptions } from './store/store.ts';

const protectOptions = z.strictObject({
  udp: portsOption(['5060']).describe('Ports on which the PBX speaks SIP over UDP.'),
  tcp: portsOption(['5060', '5061']).describe('Ports on which the PBX speaks SIP over TCP and TLS.'),
  tftp: portsOption(['69']).describe('UDP ports from which phones fetch their settings.'),
  guests: z
    .array(z.string().regex(/^[a-zA-Z0-9_.:-]{1,14}[a-zA-Z0-9_.:+-]$/, 'expected the name of an interface'))
    .max(64)
    .default([])
    .describe(
      'Interfaces behind which PBXs of yours are guests of this host, such as "vnet0"; "vnet+" is every one that begins so. What they answer is seen there.',
    ),
});

const daemonOptions = z.strictObject({
  user: userOption('sipwarden').describe(
    'The user, by name or number, that "sipwarden run" becomes when root starts it. It may change the firewall, and owns ' +
      'nothing but its folders. Takes effect at the next start.',
  ),
});

const logOptions = z.strictObject({
  level: z.enum(logLevels).default('info').describe('How much is written to the log.'),
});

export const configSchema = z.strictObject({
  mode: z
    .enum(['enforce', 'observe'])
    .default('enforce')
    .describe('"observe" decides, records and tells as "enforce" does, but blocks nobody.'),
  protect: section(
    protectOptions,
    'What is protected. Nothing that goes to another port is ever looked at or blocked.',
  ),
  capture: section(captureOptions, 'How packets are seen.'),
  ami: section(amiOptions, "How Asterisk's own security events are read."),
  hep: section(
    hepOptions,
    'How what Asterisk mirrors of its SIP messages is heard, TLS and WebSocket decrypted.',
  ),
  host: section(hostOptions, 'What this host knows of its own people and its way to the network.'),
  detect: section(detectOptions, 'What is looked for.'),
  decide: section(policyOptions, 'What becomes of attackers.'),
  shield: section(
    shieldOptions,
    'Addresses that are known to be ours: phones that registered, trunks, live calls, administrators, gateways.',
  ),
  asterisk: section(
    expulsionOptions,
    'What is done at the PBX itself about offenders who proved their address. It takes the actions login of [ami].',
  ),
  firewall: section(firewallOptions, 'How attackers are blocked.'),
  asterisk_acl: section(aclOptions, 'How Asterisk itself refuses attackers.'),
  limit: section(limitOptions, 'How much a stranger may send before the kernel slows him.'),
  geoip: section(geoipOptions, 'What is known of where addresses are.'),
  daemon: section(daemonOptions, 'As whom sipwarden runs.'),
  store: section(storeOptions, 'Where bans, lists and the attack log outlive a restart.'),
  control: section(controlOptions, 'How the sipwarden command reaches the daemon.'),
  log: section(logOptions, 'What sipwarden says about itself.'),
});
export type Config = z.infer<typeof configSchema> & {
  /** What scanners are known by: from the program, from signatures.d and from the options. */
  readonly signatures: readonly Signature[];
};
