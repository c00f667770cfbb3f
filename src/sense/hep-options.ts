// The options of [hep], and what the sidecar has to know of them.
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { HepListener } from '../capture/protocol.ts';
import { type Peer, parseAddress } from '../model/address.ts';
import { networkOption, portsOption } from '../model/options.ts';

const listenForm = 'an address and a port above 1023, such as "127.0.0.1:9060" or "[::1]:9060"';

const listenOption = z
  .string({ error: `expected ${listenForm}` })
  .transform((text, context): Peer => {
    const [, six, four, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{4,5})$/.exec(text.trim()) ?? [];
    const address = parseAddress(six ?? four ?? '');
    const port = Number(digits);
    if (address !== undefined && port > 1_023 && port <= 65_535) return { address, port };
    context.issues.push({ code: 'custom', message: `expected ${listenForm}`, input: text });
    return z.NEVER;
  })
  .meta({ takes: listenForm })
  .prefault('127.0.0.1:9060');

export const hepOptions = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether what Asterisk mirrors by HEP (hep.conf) is read: the only sight into SIP over TLS and WebSocket. ' +
          '"sipwarden setup" writes hep.conf. Takes effect at the next start where [capture] is off.',
      ),
    listen: listenOption.describe(
      'Where it is received, over UDP. What is mirrored holds credentials: loopback, unless the PBX is another machine.',
    ),
    password_file: z
      .string()
      .default('/etc/sipwarden/hep.secret')
      .describe(
        'Holds the password that the PBX sends along, password = "..."; mode 0640 or stricter. "sipwarden setup" writes ' +
          'it. "" is for loopback alone: whatever comes is heard then, and none of it proves anything.',
      ),
    allow: z
      .array(networkOption())
      .max(256)
      .default([])
      .describe('Who may send. Where "listen" is no loopback address it must name every sender.'),
    local: z
      .array(networkOption())
      .max(256)
      .default([])
      .describe(
        "Addresses of PBXs that mirror to us, where they are neither this machine's nor the sender's own.",
      ),
    tls_ports: portsOption(['5061']).describe('Ports on which the PBX speaks SIP over TLS.'),
    ws_ports: portsOption(['8088']).describe('Ports on which the PBX speaks SIP over WebSocket.'),
    wss_ports: portsOption(['8089']).describe(
      'Ports on which the PBX speaks SIP over secure WebSocket. Name them under tcp in [protect] too, or a ban does not reach them.',
    ),
  })
  .check(({ value, issues }) => {
    if (!value.enabled || isLoopback(value.listen)) return;
    const refuse = (option: string, message: string) =>
      issues.push({ code: 'custom', path: [option], message, input: value });
    if (value.password_file === '')
      refuse('password_file', 'expected a file: "listen" is no loopback address');
    if (value.allow.length === 0)
      refuse('allow', 'expected the addresses of the senders: "listen" is no loopback address');
  });
export type HepOptions = z.infer<typeof hepOptions>;

/** As `listen` is written. */
export function describeListen({ listen: { address, port } }: Pick<HepOptions, 'listen'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Where `sipwarden setup` makes Asterisk send to: this machine, where we listen on every address. */
export function hepPlacesOf(options: HepOptions): { secretFile: string; captureAddress: string } {
  const { listen, password_file: secretFile } = options;
  const loopback = { '0.0.0.0': '127.0.0.1', '::': '::1' }[listen.address];
  const captureAddress = describeListen({ listen: { ...listen, address: loopback ?? listen.address } });
  return { secretFile, captureAddress };
}

export function hepListenerOf(options: HepOptions, password: string | undefined): HepListener {
  const { listen, allow, local, tls_ports, ws_ports, wss_ports } = options;
  const pairs = (ranges: typeof tls_ports) => ranges.map(([first, last]): [number, number] => [first, last]);
  return {
    listen,
    ...(password !== undefined && { passwordHash: hash('sha256', password) }),
    allow,
    local,
    ports: { tls: pairs(tls_ports), ws: pairs(ws_ports), wss: pairs(wss_ports) },
  };
}

function isLoopback({ address }: Peer): boolean {
  return address === '::1' || address.startsWith('127.');
}
