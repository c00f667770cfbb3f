// Run on its own: the events login and the flow behind it in a storm of events, with a consumer that is slower than they
// come. Prints what was read, handled and shed, and the most memory that it took beyond what it began with.

import { createAmiStream } from '../../src/asterisk/ami-stream.ts';
import { observationsOf } from '../../src/sense/ami-observations.ts';
import { createQuietPipeline } from '../quiet-pipeline.ts';

export interface StormFinding {
  readonly events: number;
  readonly handled: number;
  readonly shed: number;
  readonly connections: number;
  readonly mebibytes: number;
}

const [port = 0, total = 0, microsecondsEach = 0] = process.argv.slice(2).map(Number);
const nothing = () => {};
let handled = 0;

const pipeline = createQuietPipeline('192.0.2.1');
const before = process.memoryUsage.rss();
let mebibytes = 0;
const stream = createAmiStream({
  login: { host: '127.0.0.1', port, user: 'reader', secret: () => 'any' },
  now: Date.now,
  listener: {
    onState: nothing,
    onLag: nothing,
    onEvents(events) {
      const until = performance.now() + (events.length * microsecondsEach) / 1_000;
      pipeline.observe(events.flatMap(observationsOf));
      while (performance.now() < until);
      handled += events.length;
      const { events: read, shed, connections } = stream.counters();
      mebibytes = Math.max(mebibytes, (process.memoryUsage.rss() - before) / 2 ** 20);
      if (read < total || handled + shed < read) return;
      stream.close();
      const finding: StormFinding = { events: read, handled, shed, connections, mebibytes };
      process.stdout.write(JSON.stringify(finding));
    },
  },
});
