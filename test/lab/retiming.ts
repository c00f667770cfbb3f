// Recordings of exchanges that were made quickly, moved apart as a patient attacker makes them. Nothing but the time of
// their packets and events is changed.

/** The time at which something of the recording is to have happened. Milliseconds. */
export type Retime = (time: number) => number;

/**
 * Each exchange begins a step after the one before, the steps taken in turns; what belongs to one keeps its distances.
 * `begins`: sorted.
 */
export function movedApart(begins: readonly number[], stepsMs: readonly number[]): Retime {
  const moved: number[] = begins.slice(0, 1);
  for (let index = 1; index < begins.length; index += 1)
    moved.push(moved[index - 1]! + stepsMs[(index - 1) % stepsMs.length]!);
  return (time) => {
    const index = begins.findLastIndex((begin) => begin <= time);
    return index < 1 ? time : moved[index]! + (time - begins[index]!);
  };
}

/** A classic pcap file with microseconds in this machine's byte order, as tcpdump writes it. Changed in place. */
export function retimeCapture(capture: Buffer, retime: Retime): Buffer {
  if (capture.readUInt32LE(0) !== 0xa1b2c3d4) throw new Error('no classic pcap with microseconds');
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8)) {
    const [seconds, micros] = [capture.readUInt32LE(at), capture.readUInt32LE(at + 4)];
    const time = retime(seconds * 1_000 + micros / 1_000);
    capture.writeUInt32LE(Math.floor(time / 1_000), at);
    capture.writeUInt32LE(Math.floor((time % 1_000) * 1_000), at + 4);
  }
  return capture;
}

export function retimeAmi(text: string, retime: Retime): string {
  return text.replace(/^(EventTV: )(\S+)$/gm, (_line, name: string, written: string) => {
    const time = Date.parse(written.replace(/\+0000$/, 'Z'));
    return `${name}${new Date(retime(time)).toISOString().replace('Z', '+0000')}`;
  });
}
