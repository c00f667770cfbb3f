// Finds which signature of a long list a text matches, at a cost that does not grow with the list (Aho-Corasick over a
// dense table). Where in a message the text stood is not its business.
import { SipwardenError } from '../model/error.ts';

/**
 * The index of the signature that a text of UTF-16 units (or of ASCII bytes) matches between `start` and `end`, -1 for none:
 * of those that end first in it, the one that is first in the list. A weak one is found only where no strong one is.
 */
export type SignatureMatcher = (units: Uint8Array | Uint16Array, start: number, end: number) => number;

/** Class 0 is every character that no signature holds. A value's begin and end are characters of their own. */
const beginClass = 1;
const endClass = 2;
/** Cells of the table, 4 bytes each; 10,000 signatures take some 4 million. */
const cellLimit = 64 * 1024 * 1024;
const none = -1;

/**
 * `name` is the whole value, `name*` its begin, `*name` its end, `*name*` any part of it; in any case.
 * Throws SIGNATURE_INVALID.
 */
export function createSignatureMatcher(
  signatures: readonly string[],
  isWeak: (index: number) => boolean = () => false,
): SignatureMatcher {
  const { classOf, width } = classify(signatures);
  const words = signatures.map((signature) => toWord(signature, classOf));
  const { table, strong, weak } = buildTable(words, width, isWeak);
  return (units, start, end) => {
    let row = table[beginClass]!;
    let found = none;
    for (let at = start; at <= end; at += 1) {
      row = table[row + (at === end ? endClass : classOf[units[at]!]!)]!;
      if (row >= 0) continue;
      row = ~row;
      const state = row / width;
      if (strong[state] !== none) return strong[state]!;
      if (found === none) found = weak[state]!;
    }
    return found;
  };
}

/** What the matcher looks at. */
export function unitsOfText(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** Small numbers for the characters that occur, the same for both cases of a letter. */
function classify(signatures: readonly string[]): { classOf: Uint16Array; width: number } {
  const classOf = new Uint16Array(0x1_0000);
  let width = endClass + 1;
  for (const unit of new Set(signatures.flatMap((signature) => unitsOf(signature)))) {
    classOf[unit.charCodeAt(0)] = width;
    const upper = unit.toUpperCase();
    if (upper.length === 1) classOf[upper.charCodeAt(0)] = width;
    width += 1;
  }
  return { classOf, width };
}

function toWord(signature: string, classOf: Uint16Array): number[] {
  const word = unitsOf(signature).map((unit) => classOf[unit.charCodeAt(0)]!);
  if (!signature.startsWith('*')) word.unshift(beginClass);
  if (!signature.endsWith('*')) word.push(endClass);
  return word;
}

/** The characters (UTF-16) of the text between the stars, in lower case. */
function unitsOf(signature: string): string[] {
  const text = signature.replace(/^\*/, '').replace(/\*$/, '');
  if (text !== '' && !text.includes('*')) return text.toLowerCase().split('');
  throw new SipwardenError('SIGNATURE_INVALID', `the signature ${JSON.stringify(signature)} is not usable`, {
    hint: 'write a text with at most one * at its begin and one at its end: name, name*, *name or *name*',
  });
}

/** Rows of `width` cells, one a state; and of each state the first signature of either kind that is complete by then. */
interface Automaton {
  /** A cell holds where the next state's row begins, or the complement of that where a signature is complete by then. */
  readonly table: Int32Array;
  readonly strong: Int32Array;
  readonly weak: Int32Array;
}

function buildTable(
  words: readonly number[][],
  width: number,
  isWeak: (index: number) => boolean,
): Automaton {
  const states = countPrefixes(words);
  if (states * width > cellLimit) {
    throw new SipwardenError('SIGNATURE_INVALID', 'the signatures together are too long', {
      hint: 'take signatures away, or shorten them to name*',
    });
  }
  const table = new Int32Array(states * width);
  const automaton = {
    table,
    strong: new Int32Array(states).fill(none),
    weak: new Int32Array(states).fill(none),
  };
  growTrie(automaton, width, words, isWeak);
  linkFailures(automaton, width);
  return automaton;
}

function countPrefixes(words: readonly number[][]): number {
  const texts = words.map((word) => String.fromCharCode(...word)).sort();
  let count = 1;
  for (const [index, text] of texts.entries()) {
    const before = texts[index - 1] ?? '';
    let shared = 0;
    while (shared < text.length && text[shared] === before[shared]) shared += 1;
    count += text.length - shared;
  }
  return count;
}

function growTrie(
  { table, strong, weak }: Automaton,
  width: number,
  words: readonly number[][],
  isWeak: (index: number) => boolean,
): void {
  let states = 1;
  for (const [index, word] of words.entries()) {
    let row = 0;
    for (const unit of word) {
      if (table[row + unit] === 0) {
        table[row + unit] = states * width;
        states += 1;
      }
      row = table[row + unit]!;
    }
    complete(isWeak(index) ? weak : strong, row / width, index);
  }
}

function complete(of: Int32Array, state: number, index: number): void {
  if (index !== none && (of[state] === none || index < of[state]!)) of[state] = index;
}

/** Breadth first: a missing step is the step of the longest proper suffix, which lies nearer to the root. */
function linkFailures({ table, strong, weak }: Automaton, width: number): void {
  const failure = new Int32Array(strong.length);
  const queue = new Int32Array(strong.length);
  let queued = 1;
  for (let head = 0; head < queued; head += 1) {
    const row = queue[head]!;
    const suffix = failure[row / width]!;
    for (let unit = 0; unit < width; unit += 1) {
      const child = table[row + unit]!;
      const step = row === 0 ? 0 : table[suffix + unit]!;
      if (child === 0) table[row + unit] = step;
      else {
        failure[child / width] = step;
        complete(strong, child / width, strong[step / width]!);
        complete(weak, child / width, weak[step / width]!);
        queue[queued] = child;
        queued += 1;
      }
    }
  }
  for (let cell = 0; cell < table.length; cell += 1) {
    const row = table[cell]!;
    if (strong[row / width] !== none || weak[row / width] !== none) table[cell] = ~row;
  }
}
