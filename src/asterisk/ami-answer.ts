// What travels through asterisk-manager, checked on both ways. Answers may hold passwords: they are never logged.
import { z } from 'zod';
import { SipwardenError } from '../model/error.ts';

/** Headers of an answer or of a list's event; names in lower case, without a prototype. */
export type AmiAnswer = Readonly<Record<string, string>>;

/** Asterisk refuses lines of more than 1,024 bytes; in bytes, without the header's name. */
const valueLimit = 900;

// A repeated header comes as a list, a variable as an object (which nobody here asks for).
const answerSchema = z.record(z.string(), z.unknown());

/** Undefined where it is neither an answer nor an event, or claims to be both. */
export function readAnswer(value: unknown): AmiAnswer | undefined {
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success || 'response' in parsed.data === 'event' in parsed.data) return undefined;
  const answer: Record<string, string> = Object.create(null);
  for (const [name, text] of Object.entries(parsed.data)) {
    if (typeof text === 'string') answer[name] = text;
    else if (Array.isArray(text)) answer[name] = text.map(String).join('\n');
  }
  return answer;
}

/** One action's header values, without line breaks and other control characters. Throws AMI_VALUE_TOO_LONG. */
export function cleanHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, cleanValue(name, value)]);
  return Object.fromEntries(entries);
}

function cleanValue(name: string, value: string): string {
  const clean = value.replace(/[\x00-\x1f\x7f]/g, '');
  if (Buffer.byteLength(clean) <= valueLimit) return clean;
  throw new SipwardenError('AMI_VALUE_TOO_LONG', `the value of ${name} is longer than ${valueLimit} bytes`, {
    hint: 'Asterisk takes no longer lines; make it shorter',
  });
}
