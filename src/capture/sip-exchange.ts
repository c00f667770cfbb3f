// What an answer of ours has in common with the request that it answers.
import type { Observation } from '../model/observation.ts';
import { textOfBytes } from './foreign-text.ts';

/** What every observation about one request says: who, when, to whom, over what, with which proof. */
export type Seen = Pick<
  Observation,
  'time' | 'sensor' | 'transport' | 'source' | 'local' | 'proof' | 'callId' | 'messages'
>;

/** Hands an observation on, unless there are too many of its kind. */
export type Emit = (observation: Observation) => void;

export interface Sequence {
  readonly number: number;
  readonly method: string;
}

/**
 * A CSeq as pjsip reads it and then answers it: without leading zeros, over 32 bits wrapped, the method in upper case.
 * One character a byte.
 */
export function readSequence(cseq: string): Sequence {
  let number = 0;
  let at = 0;
  for (let code = cseq.charCodeAt(0); code >= 48 && code <= 57; code = cseq.charCodeAt(at)) {
    number = (Math.imul(number, 10) + code - 48) >>> 0;
    at += 1;
  }
  return { number, method: textOfBytes(cseq.slice(at, at + 128).trim()).toUpperCase() };
}
