// Another AMI client on the PBX host: writes down the UserEvents that it is sent, one JSON object a line, and sends those of
// its argument as fast as Asterisk answers.
import { createAmiActions } from '../../../src/asterisk/ami-actions.ts';
import { createAmiStream } from '../../../src/asterisk/ami-stream.ts';

export interface AmiClientOptions {
  readonly user: string;
  readonly secret: string;
  readonly send: readonly Readonly<Record<string, string>>[];
}

const { user, secret, send } = JSON.parse(process.argv[2] ?? '{}') as AmiClientOptions;
const login = { host: '127.0.0.1', port: 5038, user, secret: () => secret };
const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

if (send.length === 0) {
  createAmiStream({
    login,
    now: Date.now,
    listener: {
      onEvents: (events) =>
        events.forEach(({ name, headers }) => void (name === 'UserEvent' && print(headers))),
      onState: (state) => state === 'live' && print({ state }),
      onLag() {},
    },
  });
} else {
  const actions = createAmiActions({
    login,
    async onState(state) {
      if (state !== 'live') return;
      for (const event of send) await actions.action('UserEvent', event);
      actions.close();
    },
  });
}
