import { describe, expect, test } from '@jest/globals';
import { sidecarExit } from '../../src/capture/protocol.ts';
import type { ProcessExit } from '../../src/lib/run-command.ts';
import { explainEnding } from '../../src/sense/capture-ending.ts';

const program = (exit: ProcessExit, ...said: string[]) => ({ exit, said });
const followed = program({ exitCode: sidecarExit.packetsEnded });
const ended = program({ exitCode: 0 });

describe('why a capture ended', () => {
  test('is tcpdump where the sidecar only followed, whichever was noticed first', () => {
    for (const first of ['tcpdump', 'sidecar'] as const) {
      expect(explainEnding(program({ signal: 'SIGSEGV' }), followed, first).message).toBe(
        'tcpdump was killed by SIGSEGV',
      );
    }
  });

  test('is the sidecar where tcpdump lost its reader', () => {
    const sidecar = program({ signal: 'SIGKILL' });
    expect(explainEnding(program({ signal: 'SIGPIPE' }), sidecar, 'tcpdump').message).toBe(
      'the sidecar was killed by SIGKILL',
    );
  });

  test('is tcpdump where the sidecar had to be ended after it', () => {
    const ending = explainEnding(program({ exitCode: 1 }), program({ signal: 'SIGKILL' }), 'tcpdump');
    expect(ending.message).toBe('tcpdump exited (1)');
  });

  test.each([
    [
      "tcpdump: Can't listen on group index: Operation not permitted",
      'another program reads this NFLOG group',
    ],
    ['tcpdump: NFULNL_CFG_CMD_PF_UNBIND: Operation not permitted', 'CAP_NET_ADMIN'],
    ["tcpdump: any: You don't have permission to perform this capture on that device", 'CAP_NET_RAW'],
  ])('has the cure of %j', (said, cure) => {
    expect(explainEnding(program({ exitCode: 1 }, said), followed, 'tcpdump').hint).toContain(cure);
  });

  test('has the cure of programs that are not installed', () => {
    const missing = program({ failure: 'Command failed with ENOENT: spawn ENOENT' });
    expect(explainEnding(missing, followed, 'tcpdump').hint).toContain('apt install tcpdump');
  });

  test('has the cure of a sidecar that nobody can start', () => {
    const gone = program({ failure: 'its starter is gone' });
    expect(explainEnding(ended, gone, 'sidecar').hint).toMatch(/^restart sipwarden/);
  });

  test('quotes the line that matters', () => {
    const said = [
      'tcpdump: nowhere0: No such device exists',
      '(No such device exists)',
      '0 packets captured',
    ];
    expect(explainEnding(program({ exitCode: 1 }, ...said), followed, 'tcpdump').message).toBe(
      'tcpdump exited (1): "tcpdump: nowhere0: No such device exists"',
    );
  });

  test('quotes what a program said, so that it can neither colour a terminal nor forge a line', () => {
    const { message } = explainEnding(ended, program({ exitCode: 70 }, '\u001b[2J"'), 'sidecar');
    expect(message).toBe('the sidecar exited (70): "\\u001b[2J\\""');
  });
});
