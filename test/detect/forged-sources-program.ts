// Run on its own with --expose-gc: how much memory a million forged sources take, in the sidecar's observer and in the
// daemon's flow. Prints both in MiB as JSON.

import { createSipObserver } from '../../src/capture/sip-observer.ts';
import type { Observation } from '../../src/model/observation.ts';
import { pbx, request } from '../capture/sip-conversation.ts';
import { call, failure, probe, scan } from '../observations.ts';
import { createQuietPipeline } from '../quiet-pipeline.ts';
import { agents } from '../signatures.ts';

const sources = Number(process.argv[2]);
const start = 1_700_000_000_000;
const kept: object[] = [];

const used = () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
};
const sourceOf = (index: number) => ({
  address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  port: 5_060,
});
function measure(fill: () => object): number {
  const before = used();
  kept.push(fill());
  return used() - before;
}

const sidecar = measure(() => {
  const observer = createSipObserver(
    {
      udpPorts: [],
      tcpPorts: [],
      tftpPorts: [],
      signatures: agents('friendly-scanner*'),
      answerWithinMs: 1_000,
      nonceLifetimeMs: 32_000,
    },
    { emit: () => {}, count: () => {} },
  );
  for (let index = 0; index < sources; index += 1) {
    const [time, from, callId] = [start + index, sourceOf(index), `call ${index}`];
    const method = index % 2 === 0 ? 'INVITE' : 'REGISTER';
    const userAgent = index % 3 === 0 ? 'friendly-scanner' : 'phone';
    const authorization = [`Digest username="${index}",nonce="${index}",response="r"`];
    observer.message(request({ time, from, callId, method, userAgent, authorization, user: `${index}` }));
  }
  return observer;
});

const daemon = measure(() => {
  const pipeline = createQuietPipeline(pbx.address);
  const kinds: readonly ((index: number) => Observation)[] = [
    (index) => probe(`${index}`),
    () => failure(),
    (index) => call(`9${index}00441234567890`),
    () => scan(),
  ];
  for (let index = 0; index < sources; index += 1) {
    const forged = kinds[index % kinds.length]!(index);
    pipeline.observe([{ ...forged, time: start + index, source: sourceOf(index), callId: `call ${index}` }]);
  }
  return pipeline;
});

process.stdout.write(JSON.stringify({ sidecar, daemon }));
