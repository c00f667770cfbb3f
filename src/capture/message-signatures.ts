// Which signatures of scanners a request matches, over all the fields that are looked at. What a match is worth is not its
// business.
import type { SignatureMatch } from '../model/observation.ts';
import { type Signature, signatureFields } from '../model/signature.ts';
import { isPlain, ownText, textOf } from './foreign-text.ts';
import { findHeader, type Part } from './header-index.ts';
import { createSignatureMatcher, unitsOfText } from './signature-matcher.ts';
import { type SipScan, startLine } from './sip-scan.ts';

export type FoundSignature = Pick<SignatureMatch, 'signature' | 'field' | 'confidence' | 'value'>;

/** Characters of a field that are looked at. */
const lookedAt = 2_048;

/** The match of confidence `drop` alone where there is one; else of each field at most one of confidence `score`. */
export type FindSignatures = (request: SipScan) => readonly FoundSignature[];

/** Throws SIGNATURE_INVALID. */
export function createMessageSignatures(signatures: readonly Signature[]): FindSignatures {
  const fields = signatureFields.flatMap((field) => {
    const own = signatures.filter((signature) => signature.field === field);
    return own.length === 0 ? [] : [{ field, find: matcherOf(own) }];
  });
  return (request) => {
    let found = nothing;
    for (const { field, find } of fields) {
      const part = field === 'request-line' ? startLine(request) : findHeader(field);
      const signature = part && find(request.bytes, part);
      if (!signature) continue;
      const match = describe(signature, textOf(request.bytes, part.start, part.end));
      if (signature.confidence === 'drop') return [match];
      found = [...found, match];
    }
    return found;
  };
}

const nothing: readonly FoundSignature[] = [];

function matcherOf(own: readonly Signature[]) {
  const isWeak = (index: number) => own[index]?.confidence === 'score';
  const find = createSignatureMatcher(
    own.map(({ pattern }) => pattern),
    isWeak,
  );
  return (bytes: Buffer, { start, end }: Part): Signature | undefined => {
    const lookedAtEnd = Math.min(end, start + lookedAt);
    if (isPlain(bytes, start, lookedAtEnd)) return own[find(bytes, start, lookedAtEnd)];
    const units = unitsOfText(textOf(bytes, start, end, lookedAt));
    return own[find(units, 0, units.length)];
  };
}

function describe({ name, field, confidence }: Signature, text: string): FoundSignature {
  return { signature: name, field, confidence, value: ownText(text) };
}
