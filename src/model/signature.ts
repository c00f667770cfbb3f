// What a scanner's request looks like: a text in one field of it, and how sure it is that no honest phone sends that.
import { z } from 'zod';

/** Parts of a request that are looked at; of several Via headers the first, of any other header the last. */
export const signatureFields = ['user-agent', 'from', 'to', 'via', 'request-line'] as const;
export type SignatureField = (typeof signatureFields)[number];

/** `drop`: the first such request is an attack. `score`: it is none by itself, however many there are. */
export const signatureConfidences = ['drop', 'score'] as const;
export type SignatureConfidence = (typeof signatureConfidences)[number];

/** Characters of a name or a pattern. */
export const signatureLength = 200;
export const mostSignatures = 100_000;

export const nameForm = `expected a name of 1 to ${signatureLength} characters, none of them a control character`;
const patternForm =
  'expected a text with at most one * at its begin and one at its end: "text", "text*", "*text" or "*text*"';

/** `__proto__` is no name: tables by name cannot hold it. */
export const signatureName = z
  .string({ error: nameForm })
  .max(signatureLength, nameForm)
  .regex(/^(?!__proto__$)\P{Cc}+$/u, nameForm);

export const signaturePattern = z
  .string({ error: patternForm })
  .min(1)
  .max(signatureLength)
  .regex(/^\*?[^*\p{Cc}]+\*?$/u, patternForm);

export const signature = z.strictObject({
  name: signatureName,
  field: z.enum(signatureFields),
  pattern: signaturePattern,
  confidence: z.enum(signatureConfidences),
});
export type Signature = Readonly<z.infer<typeof signature>>;
