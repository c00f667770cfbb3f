// The child that carries out commands: real programs that answer, complain, hang, die and babble.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandSession } from '../../src/enforce/command-session.ts';
import { createIpsetSession } from '../../src/enforce/ipset-session.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';

const missing = await missingForNamespaces();

(missing ? describe.skip : describe)(missing ? `ipset (skipped: ${missing})` : 'ipset', () => {
  let namespace: Namespace;
  let session: CommandSession;
  beforeEach(async () => {
    namespace = await openNamespace();
    await namespace.run('ipset', ['create', 'sw-ban4', 'hash:net', 'maxelem', '64', 'timeout', '0']);
    session = createIpsetSession({ commandPrefix: namespace.prefix, answerWithinMs: 5_000 });
  });
  afterEach(async () => {
    await session.close();
    await namespace.remove();
  });

  const codeOf = (outcome: PromiseSettledResult<void>) =>
    outcome.status === 'fulfilled' ? 'done' : outcome.reason.code;

  test('blames each failure on its own command, among many sent at once', async () => {
    const commands = [
      'add sw-ban4 192.0.2.1 timeout 0 -exist',
      'add sw-none4 192.0.2.1 timeout 0 -exist',
      'add sw-ban4 192.0.2.2 timeout 0 -exist',
      'add sw-ban4 192.0.2.0/0 timeout 0 -exist',
      'add sw-ban4 192.0.2.3 timeout 9999999999 -exist',
      'add sw-ban4 192.0.2.4 timeout 0 -exist',
    ];
    const outcomes = await Promise.allSettled(commands.map((command) => session.run(command)));
    expect(outcomes.map(codeOf)).toEqual([
      'done',
      'FIREWALL_NOT_PREPARED',
      'done',
      'FIREWALL_COMMAND_FAILED',
      'FIREWALL_COMMAND_FAILED',
      'done',
    ]);
    const targets = (await namespace.members()).map(({ target }) => target).toSorted();
    expect(targets).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.4']);
  });

  test('has the member in the kernel when it resolves', async () => {
    await session.run('add sw-ban4 192.0.2.1 timeout 0 -exist');
    expect(await namespace.members()).toHaveLength(1);
  });

  test('says that a set is full', async () => {
    const adds = Array.from({ length: 65 }, (_, index) =>
      session.run(`add sw-ban4 192.0.2.${index} timeout 0 -exist`),
    );
    const outcomes = (await Promise.allSettled(adds)).map(codeOf);
    expect(outcomes.filter((code) => code === 'FIREWALL_SET_FULL')).toHaveLength(1);
    expect(outcomes.filter((code) => code === 'done')).toHaveLength(64);
  });

  test('finishes what it was told before it closes', async () => {
    const adds = Array.from({ length: 60 }, (_, index) =>
      session.run(`add sw-ban4 192.0.2.${index} timeout 0 -exist`),
    );
    await session.close();
    await Promise.all(adds);
    expect(await namespace.members()).toHaveLength(60);
  });

  test('takes commands again after it was closed', async () => {
    await session.run('add sw-ban4 192.0.2.1 timeout 0 -exist');
    await session.close();
    await session.run('add sw-ban4 192.0.2.2 timeout 0 -exist');
    expect(await namespace.members()).toHaveLength(2);
  });
});

describe('a child that misbehaves', () => {
  let folder: string;
  let session: CommandSession;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-ipset-'));
    const path = `PATH=${folder}:${process.env.PATH}`;
    session = createIpsetSession({ commandPrefix: ['env', path], answerWithinMs: 300 });
  });
  afterEach(async () => {
    await session.close();
    await rm(folder, { recursive: true });
  });

  /** Puts a shell script in the place of ipset. */
  const pretend = async (script: string) => {
    await writeFile(join(folder, 'ipset'), `#!/bin/sh\necho $$ >> ${folder}/pids\n${script}\n`);
    await chmod(join(folder, 'ipset'), 0o755);
  };
  const started = async () => (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
  /** Answers as ipset does. */
  const obey = `while read -r verb rest; do case "$verb" in create) echo "typename '\${rest#- }' is unknown" >&2;; esac; done`;

  const isRunning = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('fails all that is under way when it dies, and a new one takes the next command', async () => {
    await pretend(
      `if [ -e ${folder}/second ]; then ${obey}; else touch ${folder}/second; read x; read x; read x; exit 3; fi`,
    );
    const outcomes = await Promise.allSettled([session.run('one'), session.run('two')]);
    expect(outcomes).toMatchObject([
      { reason: { code: 'FIREWALL_CHILD_EXITED', message: expect.stringContaining('exit status 3') } },
      { reason: { code: 'FIREWALL_CHILD_EXITED' } },
    ]);
    await session.run('three');
    expect(await started()).toHaveLength(2);
  });

  test('fails with a time-out when it hangs, is killed, and a new one takes the next command', async () => {
    await pretend(
      `if [ -e ${folder}/second ]; then ${obey}; else touch ${folder}/second; exec sleep 600; fi`,
    );
    const outcomes = await Promise.allSettled([session.run('one'), session.run('two')]);
    expect(outcomes).toMatchObject([
      { reason: { code: 'FIREWALL_TIMEOUT' } },
      { reason: { code: 'FIREWALL_TIMEOUT' } },
    ]);
    await session.run('three');
    const [first = 0] = await started();
    for (let round = 0; round < 100 && isRunning(first); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(isRunning(first)).toBe(false);
  });

  test('is not believed when it answers out of order', async () => {
    await pretend(`echo "typename '1' is unknown" >&2; echo "typename '3' is unknown" >&2; exec sleep 600`);
    await expect(session.run('one')).rejects.toMatchObject({ code: 'FIREWALL_CHILD_EXITED' });
  });

  test('is not read into memory without end', async () => {
    await pretend(`exec head -c 50000000 /dev/zero >&2`);
    await expect(session.run('one')).rejects.toMatchObject({ code: 'FIREWALL_CHILD_EXITED' });
  });

  test('may complain about itself at its start without failing the first command', async () => {
    await pretend(`echo 'ipset: kernel and userspace differ a little' >&2; ${obey}`);
    await expect(session.run('one')).resolves.toBeUndefined();
  });

  test('fails the command where there is no such program', async () => {
    const nowhere = createIpsetSession({ commandPrefix: [join(folder, 'none')], answerWithinMs: 300 });
    await expect(nowhere.run('one')).rejects.toMatchObject({ code: 'FIREWALL_CHILD_EXITED' });
  });

  test('is ended by close even when it does not want to', async () => {
    await pretend(`trap '' TERM; while :; do sleep 1; done`);
    const one = session.run('one');
    await Promise.all([expect(one).rejects.toMatchObject({ code: 'FIREWALL_TIMEOUT' }), session.close()]);
  });
});
