// The text of Asterisk's .conf files, line by line. Pure; every byte that is not meant stays.

export function lineEndOf(text: string): '\r\n' | '\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** The lines that Asterisk reads, with their numbers: those of a block comment (`;--` to `--;`) are left out. */
export function* readLines(lines: readonly string[]): Generator<readonly [line: number, text: string]> {
  let isComment = false;
  for (const [line, text] of lines.entries()) {
    if (text.trimStart().startsWith(';--')) isComment = true;
    if (!isComment) yield [line, text];
    else if (text.includes('--;')) isComment = false;
  }
}

/** The name of the section that a line begins. */
export function sectionOf(line: string): string | undefined {
  return /^\s*\[([^\]]*)\]/.exec(line)?.[1];
}

/** As the last line, unless the text has it already. */
export function withLine(text: string, line: string): string {
  if (text.split(/\r?\n/).includes(line)) return text;
  const lineEnd = lineEndOf(text);
  const separator = text === '' || text.endsWith('\n') ? '' : lineEnd;
  return `${text}${separator}${line}${lineEnd}`;
}

export function withoutLine(text: string, line: string): string {
  const lineEnd = lineEndOf(text);
  return text
    .split(lineEnd)
    .filter((each) => each !== line)
    .join(lineEnd);
}
