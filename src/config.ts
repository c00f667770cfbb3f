// The whole configuration, read from its files and checked. The only place that reads these files and the environment.
import { dirname, join } from 'node:path';
import { readConfigFiles } from './config-files.ts';
import { readTable } from './config-options.ts';
import { describeProblems, nameOf } from './config-problems.ts';
import { type Config, configSchema } from './config-schema.ts';
import { type Address, parseAddress } from './model/address.ts';
import { SipwardenError } from './model/error.ts';
import { chooseSignatures, findOptionProblems, readSignatureFiles } from './signature-files.ts';

export type { Config } from './config-schema.ts';

const defaultPath = '/etc/sipwarden/sipwarden.toml';

export interface LoadedConfig {
  readonly config: Config;
  /** Every file that was read; none where all is default. */
  readonly files: readonly string[];
  /** Where a change to the configuration would happen. */
  readonly directories: readonly string[];
  /** The file or files that said what stands at a path. */
  sourceOf(path: readonly PropertyKey[]): string;
}

/**
 * Reads the file that is named by `path`, by SIPWARDEN_CONFIG, or the default one (which alone may be missing), and
 * conf.d/*.toml and signatures.d/*.toml beside it. Throws CONFIG_INVALID with everything that is wrong, one line for each
 * problem.
 */
export function loadConfig({
  path,
  env = process.env,
}: {
  readonly path?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
} = {}): LoadedConfig {
  const named = path ?? (env.SIPWARDEN_CONFIG || undefined);
  const main = named ?? defaultPath;
  const { values, sourceOf, ...read } = readConfigFiles(main, named === undefined);
  const signatureDirectory = join(dirname(main), 'signatures.d');
  const known = readSignatureFiles(signatureDirectory);
  const unreadable = [...read.problems, ...known.problems];
  if (unreadable.length > 0) throw invalid(unreadable);
  const result = configSchema.safeParse(values);
  if (!result.success)
    throw invalid(describeProblems(result.error, { values, sourceOf }, readTable('', configSchema)));
  const { detect } = result.data;
  const problems = findOptionProblems(known.signatures, detect);
  if (problems.length > 0)
    throw invalid(problems.map(({ at, what }) => `${sourceOf(at)}: ${nameOf(at)}${what}`));
  const signatures = chooseSignatures(known.signatures, detect['scanner-signature']);
  return {
    config: { ...result.data, signatures },
    files: [...read.files, ...known.files],
    directories: [...read.directories, signatureDirectory],
    sourceOf,
  };
}

/** The address from which the person at this shell logged in over SSH, as his environment says; no proof of anything. */
export function sshClientAddress(env: NodeJS.ProcessEnv = process.env): Address | undefined {
  const [address = ''] = (env.SSH_CONNECTION ?? '').split(' ');
  return parseAddress(address);
}

function invalid(problems: readonly string[]): SipwardenError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const message = [`the configuration is not valid, ${count}:`, ...problems].join('\n  ');
  return new SipwardenError('CONFIG_INVALID', message, {
    hint: 'docs/sipwarden.toml shows every option with its default',
  });
}
