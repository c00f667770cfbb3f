// Why a capture ended, in a person's words, from how its two programs ended and what they said last.
import { sidecarExit } from '../capture/protocol.ts';
import type { ProcessExit } from '../lib/run-command.ts';

export interface Ending {
  readonly message: string;
  readonly hint: string;
}

export interface Ended {
  readonly exit: ProcessExit;
  /** Its last lines on standard error. */
  readonly said: readonly string[];
}

export const tryAgain = 'it is started again by itself';

/** Either program's end ends the other, so it matters which was the first. */
export function explainEnding(tcpdump: Ended, sidecar: Ended, first: 'tcpdump' | 'sidecar'): Ending {
  const hasLostReader = tcpdump.exit.signal === 'SIGPIPE';
  return sidecar.exit.exitCode === sidecarExit.packetsEnded || (first === 'tcpdump' && !hasLostReader)
    ? { message: describe('tcpdump', tcpdump), hint: tcpdumpHint(tcpdump) }
    : { message: describe('the sidecar', sidecar), hint: sidecarHint(sidecar) };
}

function describe(program: string, { exit, said }: Ended): string {
  // Explanations in brackets and statistics follow the line that matters.
  const last = said.findLast((line) => /^\w+: /.test(line)) ?? said.at(-1);
  const how = exit.signal
    ? `was killed by ${exit.signal}`
    : exit.failure
      ? 'could not be started'
      : `exited (${exit.exitCode})`;
  return `${program} ${how}${last ? `: ${JSON.stringify(last)}` : ''}`;
}

const tcpdumpHints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /listen on group index/,
    'another program reads this NFLOG group: end it, or set another nflog_group in [capture]',
  ],
  [
    /PF_UNBIND|permission|not permitted/i,
    'tcpdump needs CAP_NET_ADMIN for "nflog" and CAP_NET_RAW for "af-packet": restart sipwarden, as root',
  ],
  [
    /not supported|No such device|SIOCETHTOOL|not available/i,
    'this kernel lacks the packet source: set another source in [capture]',
  ],
];

function tcpdumpHint({ exit, said }: Ended): string {
  if (exit.failure?.includes('ENOENT')) return 'install tcpdump (apt install tcpdump)';
  const text = said.join('\n');
  return tcpdumpHints.find(([pattern]) => pattern.test(text))?.[1] ?? tryAgain;
}

/** Of the sidecar that listens to the PBX. */
export function explainHepEnding(sidecar: Ended): Ending {
  const text = sidecar.said.join('\n');
  const hint = hepHints.find(([pattern]) => pattern.test(text))?.[1] ?? sidecarHint(sidecar);
  return { message: describe('the sidecar', sidecar), hint };
}

const hepHints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /EADDRINUSE/,
    'another program listens there ("ss -ulpn" names it): end it, or set another port in listen of [hep] and in ' +
      'capture_address of hep.conf',
  ],
  [/EADDRNOTAVAIL/, 'no interface of this machine has that address: set listen in [hep] to one that it has'],
];

function sidecarHint({ exit }: Ended): string {
  if (exit.failure) return 'restart sipwarden, as root: only then it can start programs under another user';
  return `${tryAgain}; if it ends again and again, report it with this line`;
}
