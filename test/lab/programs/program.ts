// What the lab's programs share: options as one JSON argument, findings as JSON lines on standard output.

/** Only the modules of test/lab start a program, and they share its type of options. */
export function readOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options;
}

export function say<Finding>(finding: Finding): void {
  process.stdout.write(`${JSON.stringify(finding)}\n`);
}

/** The pace of a program that acts as a person or an attacker would. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
