// The daemon, in whatever namespace it is started. Argument: the configuration file.
import { startDaemon } from '../../src/daemon.ts';

await startDaemon({ path: process.argv[2] });
process.stdout.write('up\n');
