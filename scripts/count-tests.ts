// The gate's last line: `N passed, N failed, N skipped` over the checks before the tests and over Jest's reports.
// Exit code 1 where anything failed, or where there was no test at all.
import { readFileSync } from 'node:fs';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The numbers of Jest's `--json`; a suite that could not even be loaded has no failed test, and fails all the same. */
interface JestReport {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const [passedChecks, failedChecks, ...reports] = process.argv.slice(2);
const checks = { passed: Number(passedChecks), failed: Number(failedChecks), skipped: 0 };
const tests = reports.map(countReport);
const total = [checks, ...tests].reduce(add);
const isEmpty = tests.every(({ passed, failed, skipped }) => passed + failed + skipped === 0);

if (isEmpty) process.stderr.write('sipwarden: there is no such test\n');
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || isEmpty ? 1 : 0;

function countReport(file: string): Counts {
  const report = readReport(file);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests, report.success ? 0 : 1),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Undefined where Jest ended before it wrote one. */
function readReport(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
}

function add(sum: Counts, { passed, failed, skipped }: Counts): Counts {
  return { passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped };
}
