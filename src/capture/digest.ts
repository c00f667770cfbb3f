// Reads the digest parameters of Authorization, WWW-Authenticate and their Proxy- forms (RFC 2617, RFC 7616).
// Anything goes in, nothing is thrown; it checks no digest and knows no password.
import { textOfBytes } from './foreign-text.ts';

const parameterNames = ['username', 'realm', 'nonce', 'uri', 'response', 'stale'] as const;
/** Clean texts, cut to `foreignTextLimit`. */
export type Digest = Partial<Record<(typeof parameterNames)[number], string>>;

const scheme = /^\s*digest(?=[\s,]|$)/i;
/** One name and its value, quoted (`\` takes the next character as it is) or bare. Linear: nothing in it can backtrack. */
const parameter = /([^\s,="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]*))|[^\s,="]+|["=]/gs;

/** Undefined where the scheme is not Digest. `value` holds one character a byte; of a repeated parameter the first counts. */
export function readDigest(value: string): Digest | undefined {
  const begin = scheme.exec(value);
  if (!begin) return undefined;
  const digest: Digest = {};
  for (const [, name, quoted, bare] of value.slice(begin[0].length).matchAll(parameter)) {
    const known = parameterNames.find((each) => each === name?.toLowerCase());
    if (!known || digest[known] !== undefined) continue;
    digest[known] = textOfBytes(quoted?.replace(/\\(.)/gs, '$1') ?? bare ?? '');
  }
  return digest;
}
