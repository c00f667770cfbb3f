// What the daemon and the sidecar say to each other: JSON lines, each checked by its schema. The only file of
// capture/ that the daemon loads.
import { z } from 'zod';

const portRange = z.tuple([z.int().min(0).max(65_535), z.int().min(0).max(65_535)]);

/** What the sidecar looks for. Sent at start and again whenever the configuration changes. */
export const captureSettings = z.strictObject({
  udpPorts: z.array(portRange),
  tcpPorts: z.array(portRange),
  /** Signatures as in the configuration: `name`, `name*` (begins with), `*name*` (contains); any case. */
  userAgents: z.array(z.string().max(200)).max(100_000),
  /** A challenge that nobody took up within this time counts as a probe. Milliseconds. */
  answerWithinMs: z.int().min(1).max(60_000),
  /** How long an issued nonce proves anything: the longest nonce_lifetime of the PBX. Milliseconds. */
  nonceLifetimeMs: z.int().min(1_000).max(86_400_000),
});
export type CaptureSettings = z.infer<typeof captureSettings>;
