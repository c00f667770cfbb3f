import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSignatureMatcher, unitsOfText } from '../../src/capture/signature-matcher.ts';
import { SipwardenError } from '../../src/model/error.ts';

function matcherOf(signatures: readonly string[], weak: readonly string[] = []) {
  const find = createSignatureMatcher(signatures, (index) => weak.includes(signatures[index]!));
  return (text: string): string | undefined => signatures[find(unitsOfText(text), 0, text.length)];
}

test('a name without stars is the whole value, in any case', () => {
  const match = matcherOf(['sip-scan']);
  expect(match('SIP-Scan')).toBe('sip-scan');
  expect(match('sip-scanner')).toBeUndefined();
  expect(match('my sip-scan')).toBeUndefined();
});

test('a star at the end is: begins with', () => {
  const match = matcherOf(['Friendly*']);
  expect(match('friendly-scanner')).toBe('Friendly*');
  expect(match('unfriendly')).toBeUndefined();
});

test('a star at the begin is: ends with', () => {
  const match = matcherOf(['*scanner']);
  expect(match('friendly-SCANNER')).toBe('*scanner');
  expect(match('scanners')).toBeUndefined();
});

test('a star at both is: contains', () => {
  const match = matcherOf(['*vicious*']);
  expect(match('SIPVicious 0.3')).toBe('*vicious*');
  expect(match('vicious')).toBe('*vicious*');
  expect(match('vicio us')).toBeUndefined();
});

test('a signature hidden in the begin of a longer one is still found', () => {
  const match = matcherOf(['*abcdx*', '*bc*']);
  expect(match('abcd')).toBe('*bc*');
});

test('of signatures that end at the same place the first of the list is named', () => {
  expect(matcherOf(['*c*', '*abc*'])('abc')).toBe('*c*');
  expect(matcherOf(['*abc*', '*c*'])('abc')).toBe('*abc*');
  expect(matcherOf(['x', 'X'])('x')).toBe('x');
});

test('a weak signature is found only where no strong one is, wherever in the text either ends', () => {
  const match = matcherOf(['*weak*', '*strong*', 'weakling*'], ['*weak*']);
  expect(match('a weak one')).toBe('*weak*');
  expect(match('weak, then strong')).toBe('*strong*');
  expect(match('strong, then weak')).toBe('*strong*');
  expect(match('weakling')).toBe('weakling*');
});

test('an empty list and an empty value match nothing', () => {
  expect(matcherOf([])('friendly-scanner')).toBeUndefined();
  expect(matcherOf(['*a*', 'b'])('')).toBeUndefined();
});

test('letters beyond ASCII count in any case too', () => {
  expect(matcherOf(['*BÖSE*'])('der böse Scanner')).toBe('*BÖSE*');
});

test.each(['', '*', '**', '***', 'a*b', '*a*b*'])(
  '%p is refused with the code SIGNATURE_INVALID',
  (signature) => {
    expect(() => createSignatureMatcher(['fine', signature])).toThrow(
      expect.objectContaining({
        name: 'SipwardenError',
        code: 'SIGNATURE_INVALID',
        hint: expect.any(String),
      }),
    );
  },
);

test('a list that would take too much memory is refused, not tried', () => {
  const long = Array.from(
    { length: 50_000 },
    (_, index) => `${index}${String.fromCharCode(97 + (index % 26)).repeat(150)}`,
  );
  expect(() => createSignatureMatcher(long)).toThrow(SipwardenError);
});

describe('compared with looking at one signature after the other', () => {
  const unit = fc.constantFrom(...'abAB- ');
  const text = fc.string({ unit, minLength: 1, maxLength: 6 });
  const signature = fc
    .tuple(fc.constantFrom('', '*'), text, fc.constantFrom('', '*'))
    .map(([before, name, after]) => before + name + after);

  function matchesAlone(signature: string, value: string): boolean {
    const name = signature.replace(/^\*|\*$/g, '').toLowerCase();
    const lower = value.toLowerCase();
    if (signature.startsWith('*'))
      return signature.endsWith('*') ? lower.includes(name) : lower.endsWith(name);
    return signature.endsWith('*') ? lower.startsWith(name) : lower === name;
  }

  test('the same values match, and the signature named is one that matches', () => {
    const value = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(signature, { maxLength: 12 }), fc.array(value), (signatures, values) => {
        const match = matcherOf(signatures);
        for (const each of values) {
          const matching = signatures.filter((one) => matchesAlone(one, each));
          const found = match(each);
          if (matching.length === 0) expect(found).toBeUndefined();
          else expect(matching).toContain(found);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('any value can be looked at', () => {
    const match = matcherOf(['*a*', 'b*', '*ü']);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => void match(value)));
  });
});
