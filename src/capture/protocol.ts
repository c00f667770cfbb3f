// What the daemon and the sidecar say to each other: JSON lines, each checked by its schema. The only file of
// capture/ that the daemon loads, so it must not touch a packet.
import { z } from 'zod';
import { parseAddress, parseNetwork } from '../model/address.ts';
import { limitNames } from '../model/enforcer.ts';
import {
  fileAnswers,
  foreignTextLimit,
  malformedProblems,
  proofRungs,
  sensorNames,
  transports,
} from '../model/observation.ts';
import {
  mostSignatures,
  signature,
  signatureConfidences,
  signatureFields,
  signatureName,
} from '../model/signature.ts';

const port = z.int().min(0).max(65_535);
const portRange = z.tuple([port, port]);

/** What the sidecar looks for. Sent at start and again whenever the configuration changes. */
export const captureSettings = z.strictObject({
  udpPorts: z.array(portRange),
  tcpPorts: z.array(portRange),
  /** Over UDP. */
  tftpPorts: z.array(portRange),
  signatures: z.array(signature).max(mostSignatures),
  /** A challenge that nobody took up within this time counts as a probe. Milliseconds. */
  answerWithinMs: z.int().min(1).max(60_000),
  /** How long an issued nonce proves anything: the longest nonce_lifetime of the PBX. Milliseconds. */
  nonceLifetimeMs: z.int().min(1_000).max(86_400_000),
});
export type CaptureSettings = z.infer<typeof captureSettings>;

const foreignText = z.string().max(foreignTextLimit);
const time = z.number().min(0).max(8_640_000_000_000_000);
const sensor = z.enum(sensorNames);

const peer = z.strictObject({
  /** Canonical only: elsewhere equal addresses are equal strings. */
  address: z.string().refine((text) => parseAddress(text) === text, 'is not a canonical address'),
  port,
});

const networks = z
  .array(z.string().refine((text) => parseNetwork(text) === text, 'is not a canonical network'))
  .max(256);

/** Where a sidecar listens for what the PBX mirrors, and whom it believes. */
export const hepListener = z.strictObject({
  listen: peer,
  /** SHA-256 of the password, in hexadecimal. Without one nothing that comes proves anything. */
  passwordHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
  /** Who may send; everybody where it names nobody. */
  allow: networks,
  /** Addresses that are ours beside this machine's and the sender's. */
  local: networks,
  /** What HEP does not tell from TCP is told by the port of ours. */
  ports: z.strictObject({
    tls: z.array(portRange),
    ws: z.array(portRange),
    wss: z.array(portRange),
  }),
});
export type HepListener = z.infer<typeof hepListener>;

const proof = z.discriminatedUnion('level', [
  z.strictObject({ level: z.literal('asserted') }),
  z.strictObject({
    level: z.literal('proven'),
    by: z.enum(proofRungs),
    seenBy: sensor,
    time,
    until: time.exactOptional(),
  }),
]);

const seen = {
  time,
  sensor,
  transport: z.enum(transports),
  source: peer,
  local: peer,
  proof,
  callId: foreignText.exactOptional(),
  messages: z.int().min(1),
};

/** The same as the type `Observation`, which a test holds. */
export const observation = z.discriminatedUnion('kind', [
  z.strictObject({
    ...seen,
    kind: z.literal('signature-match'),
    signature: signatureName,
    field: z.enum(signatureFields),
    confidence: z.enum(signatureConfidences),
    value: foreignText,
  }),
  z.strictObject({
    ...seen,
    kind: z.literal('authentication-failed'),
    account: foreignText,
    nonce: foreignText.exactOptional(),
    nonceNeverIssued: z.boolean().exactOptional(),
    proofIfWrong: proof.exactOptional(),
    isWrongPassword: z.literal(true).exactOptional(),
    userAgent: foreignText.exactOptional(),
  }),
  z.strictObject({
    ...seen,
    kind: z.literal('authentication-succeeded'),
    account: foreignText,
    method: foreignText.exactOptional(),
    nonce: foreignText.exactOptional(),
    registeredUntil: time.exactOptional(),
  }),
  z.strictObject({
    ...seen,
    kind: z.literal('account-probed'),
    account: foreignText,
    because: z.enum(['unknown-account', 'unanswered-challenge']),
  }),
  z.strictObject({ ...seen, kind: z.literal('call-attempted'), account: foreignText, number: foreignText }),
  z.strictObject({ ...seen, kind: z.literal('limit-exceeded'), limit: z.enum(limitNames) }),
  z.strictObject({ ...seen, kind: z.literal('malformed-message'), problem: z.enum(malformedProblems) }),
  z.strictObject({ ...seen, kind: z.literal('answer-diverted'), divertedTo: peer }),
  z.strictObject({ ...seen, kind: z.literal('event-tampered'), account: foreignText }),
  z.strictObject({
    ...seen,
    kind: z.literal('management-login-failed'),
    account: foreignText,
    service: foreignText,
  }),
  z.strictObject({ ...seen, kind: z.literal('abuse-reported'), reason: foreignText }),
  z.strictObject({ ...seen, kind: z.literal('file-requested'), file: foreignText }),
  z.strictObject({
    ...seen,
    kind: z.literal('file-answered'),
    file: foreignText,
    answer: z.enum(fileAnswers),
  }),
]);

/** Most observations in one message, so that its line stays below `lineLimit` with the longest texts. */
export const observationsPerMessage = 200;
const countersPerMessage = 200;

const counters = z
  .record(z.string().max(64), z.int().min(0))
  .refine((record) => Object.keys(record).length <= countersPerMessage, 'has too many counters');

/** Daemon to sidecar. The first one says what it reads: packets from descriptor 3 or, with `hep`, what the PBX mirrors. */
export const daemonMessage = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('settings'),
    settings: captureSettings,
    hep: hepListener.exactOptional(),
  }),
]);
export type DaemonMessage = z.infer<typeof daemonMessage>;

/** Sidecar to daemon. Counters are totals since the sidecar started. */
export const sidecarMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready'), pid: z.int().min(1), uid: z.int().min(0) }),
  z.strictObject({
    kind: z.literal('observations'),
    list: z.array(observation).max(observationsPerMessage),
  }),
  z.strictObject({ kind: z.literal('counters'), counters }),
  z.strictObject({ kind: z.literal('fault'), code: z.string().max(64), message: z.string().max(500) }),
]);
export type SidecarMessage = z.infer<typeof sidecarMessage>;

/** Named pipes in the directory of one sidecar. AppArmor's profile lets tcpdump write to *.pcap, and to little else. */
export const sidecarPipes = {
  /** Of the sidecar that reads packets alone. */
  packets: 'packets.pcap',
  settings: 'settings',
  observations: 'observations',
} as const;

/** The sidecars, by what each reads: where one fails the other goes on. */
export const sidecarNames = ['packets', 'hep'] as const;
export type SidecarName = (typeof sidecarNames)[number];
const sidecar = z.enum(sidecarNames);

/** Daemon to the sidecars' starter: a sidecar on the pipes in that directory, or the end of the one that runs. */
export const starterOrder = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), sidecar, directory: z.string().startsWith('/').max(1_000) }),
  z.strictObject({ kind: z.literal('kill'), sidecar }),
]);
export type StarterOrder = z.infer<typeof starterOrder>;

/** The starter to the daemon: it has opened the pipes; the sidecar is gone, and these were its last lines. */
export const starterReport = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('started'), sidecar }),
  z.strictObject({
    kind: z.literal('ended'),
    sidecar,
    exit: z.strictObject({
      exitCode: z.int().exactOptional(),
      signal: z.string().max(20).exactOptional(),
      failure: z.string().max(1_000).exactOptional(),
    }),
    said: z.array(z.string().max(1_000)).max(10),
  }),
]);
export type StarterReport = z.infer<typeof starterReport>;
/** Longest line between the two, in bytes. */
export const starterLineLimit = 64 * 1024;

/** Exit codes of the sidecar that the daemon tells apart. */
export const sidecarExit = {
  packetsEnded: 10,
  daemonGone: 11,
  fault: 70,
  cannotListen: 71,
  privileged: 77,
} as const;

/** Longest line that the daemon takes from the sidecar, in bytes. */
export const lineLimit = 1024 * 1024;
/** Longest line that the sidecar takes from the daemon, in bytes: room for the longest list of signatures. */
export const settingsLineLimit = 128 * 1024 * 1024;

/** One message as its line. */
export function writeMessage(message: DaemonMessage | SidecarMessage | StarterOrder | StarterReport): string {
  return `${JSON.stringify(message)}\n`;
}
