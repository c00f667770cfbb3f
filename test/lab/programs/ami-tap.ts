// One AMI client that writes every byte that it receives to standard output, as a recording for replay.
import { connect } from 'node:net';
import { readOptions } from './program.ts';

export interface AmiTapOptions {
  readonly user: string;
  readonly secret: string;
}

const { user, secret } = readOptions<AmiTapOptions>();
const socket = connect({ host: '127.0.0.1', port: 5038 });
socket.write(`Action: Login\r\nUsername: ${user}\r\nSecret: ${secret}\r\nEvents: security\r\n\r\n`);
socket.pipe(process.stdout);
