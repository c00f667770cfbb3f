// Which signatures of scanners a request matches, over all the fields that are looked at. What a match is worth is not its
// business.
import { foreignTextLimit, type SignatureMatch } from '../model/observation.ts';
import { type Signature, type SignatureField, signatureFields } from '../model/signature.ts';
import { ownText } from './foreign-text.ts';
import { createSignatureMatcher } from './signature-matcher.ts';
import { longHeaderText, type SipScan, startLineText } from './sip-scan.ts';

export type FoundSignature = Pick<SignatureMatch, 'signature' | 'field' | 'confidence' | 'value'>;

/** Characters of a field that are looked at. */
const lookedAt = 2_048;

/** The match of confidence `drop` alone where there is one; else of each field at most one of confidence `score`. */
export type FindSignatures = (request: SipScan) => readonly FoundSignature[];

/** Throws SIGNATURE_INVALID. */
export function createMessageSignatures(signatures: readonly Signature[]): FindSignatures {
  const fields = signatureFields.flatMap((field) => {
    const own = signatures.filter((signature) => signature.field === field);
    // Apart: in one table a weak signature would hide a strong one that ends behind it.
    return own.length === 0 ? [] : [{ field, drop: matcherOf(own, 'drop'), score: matcherOf(own, 'score') }];
  });
  return (request) => {
    let found = none;
    for (const { field, drop, score } of fields) {
      const text = textOfField(request, field);
      if (text === '') continue;
      const strong = drop?.(text);
      if (strong) return [describe(strong, text)];
      const weak = score?.(text);
      if (weak) found = [...found, describe(weak, text)];
    }
    return found;
  };
}

const none: readonly FoundSignature[] = [];

function matcherOf(signatures: readonly Signature[], confidence: Signature['confidence']) {
  const own = signatures.filter((signature) => signature.confidence === confidence);
  if (own.length === 0) return undefined;
  const match = createSignatureMatcher(own.map(({ pattern }) => pattern));
  const byPattern = new Map(own.toReversed().map((signature) => [signature.pattern, signature]));
  return (text: string): Signature | undefined => {
    const pattern = match(text);
    return pattern === undefined ? undefined : byPattern.get(pattern);
  };
}

function textOfField(request: SipScan, field: SignatureField): string {
  return field === 'request-line'
    ? startLineText(request, lookedAt)
    : longHeaderText(request, field, lookedAt);
}

function describe({ name, field, confidence }: Signature, text: string): FoundSignature {
  return {
    signature: name,
    field,
    confidence,
    value: ownText(text.slice(0, foreignTextLimit)).toWellFormed(),
  };
}
