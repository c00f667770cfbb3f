// Runs inside the PBX's namespace: the daemon's own two programs for a live capture, as the sensor starts them. Says
// which processes they are; on SIGTERM ends the stream of packets and says what the sidecar counted. JSON lines.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureOptions, packetFilter, tcpdumpArguments } from '../../src/sense/capture-options.ts';
import { startCapture } from '../../src/sense/capture-processes.ts';
import { readNetlinkDrops } from '../../src/sense/netlink-drops.ts';
import { readSignatureFiles } from '../../src/signature-files.ts';
import { openStarter } from '../sense/starter.ts';

export type CaptureLine =
  | { readonly kind: 'live'; readonly pids: readonly number[] }
  | {
      readonly kind: 'ended';
      readonly counters: Readonly<Record<string, number>>;
      /** What the kernel had no room for; absent where the source is not NFLOG. */
      readonly drops?: number | undefined;
    };

const say = (line: CaptureLine) => process.stdout.write(`${JSON.stringify(line)}\n`);

const options = captureOptions.parse({ source: process.argv[2], nflog_group: Number(process.argv[3]) });
const settings = {
  udpPorts: [[5_060, 5_060] as [number, number]],
  tcpPorts: [[5_060, 5_061] as [number, number]],
  tftpPorts: [],
  signatures: [...readSignatureFiles('').signatures.values()],
  answerWithinMs: options.answer_within,
  nonceLifetimeMs: options.nonce_lifetime,
};
let counters = {};

const runtimeDirectory = await mkdtemp(join(tmpdir(), 'swt-bench-'));
const { pid, sidecarLink, directory } = await openStarter(runtimeDirectory);
const capture = await startCapture(
  {
    tcpdumpArguments: tcpdumpArguments(options, packetFilter(settings)),
    sidecarLink,
    directory,
  },
  {
    onLive: () => say({ kind: 'live', pids: [capture.tcpdumpPid ?? 0, ...childrenOf(pid ?? 0)] }),
    onMessage: (message) => {
      if (message.kind === 'counters') counters = message.counters;
      if (message.kind === 'fault') throw new Error(message.message);
    },
    onRefused: (reason) => {
      throw new Error(`the sidecar wrote nonsense: ${reason}`);
    },
  },
);
capture.configure(settings);

process.once('SIGTERM', () => {
  const { tcpdumpPid } = capture;
  if (tcpdumpPid === undefined) throw new Error('tcpdump could not be started');
  const drops = readNetlinkDrops(tcpdumpPid);
  // Only the stream's end makes the sidecar read what is left and tell its last counters.
  process.kill(tcpdumpPid, 'SIGTERM');
  void capture.ended.then(() => {
    say({ kind: 'ended', counters, drops });
    sidecarLink.close();
    return rm(runtimeDirectory, { recursive: true });
  });
});

/** The sidecar's. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
