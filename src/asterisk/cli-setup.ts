// Setup's piece for Asterisk's own command line: the aliases "sipwarden show bans", "sipwarden ban" and so on.
import { readFile } from 'node:fs/promises';
import { SipwardenError } from '../model/error.ts';
import { lineEndOf, readLines, sectionOf, withLine, withoutLine } from './conf-text.ts';
import { followed, type SetupPlaces } from './installation.ts';
import { includeOf } from './manager-conf.ts';
import {
  type Edit,
  joinPlans,
  planEdit,
  planEditReturn,
  planOwnFile,
  planOwnFileReturn,
  type SetupPiece,
} from './setup-piece.ts';

const template = new URL('../../asterisk-conf/sipwarden_cli_aliases.conf', import.meta.url);
const aliasesFile = 'sipwarden_cli_aliases.conf';
const templateLine = 'template = sipwarden';

/** Plans throw SETUP_PATH where a path cannot stand in Asterisk's configuration. */
export function createCliPiece(
  { etc, controlProgram, controlSocket }: SetupPlaces,
  installation: () => Promise<{ readonly gid: number }>,
): SetupPiece {
  const own = `${etc}/${aliasesFile}`;
  const edit = async (): Promise<Edit> => ({
    path: await followed(`${etc}/cli_aliases.conf`),
    edit: addAliases,
    undo: (text) => withoutLine(withoutLine(text, templateLine), includeOf(aliasesFile)),
    isOptional: true,
  });
  return {
    // A reload keeps the aliases of before where cli_aliases.conf is gone.
    reload: ['module unload res_clialiases.so', 'module load res_clialiases.so'],
    async plan() {
      const { gid } = await installation();
      const command = [controlProgram, '--socket', controlSocket];
      const unusable = command.find((word) => !/^[\w./@+-]+$/.test(word));
      if (unusable !== undefined) {
        throw new SipwardenError('SETUP_PATH', `${unusable} cannot stand in an alias of Asterisk's`, {
          hint: 'put sipwarden and its socket where the path has letters, digits and ./_@+- alone',
        });
      }
      const text = (await readFile(template, 'latin1')).replaceAll('SIPWARDENCTL', command.join(' '));
      return {
        changes: [...(await planOwnFile(own, text, gid)), ...(await planEdit(await edit(), gid))],
        notes: [],
      };
    },
    async removal() {
      return joinPlans([await planEditReturn(await edit()), await planOwnFileReturn(own)]);
    },
  };
}

/** Names our template in [general], and includes the file that holds it. */
function addAliases(text: string): string {
  const lines = text.split(/\r?\n/);
  const read = [...readLines(lines)];
  const general = read.find(([, line]) => sectionOf(line)?.toLowerCase() === 'general')?.[0];
  const isNamed = read.some(([, line]) => line === templateLine);
  const lineEnd = lineEndOf(text);
  const named = isNamed
    ? text
    : general === undefined
      ? `[general]${lineEnd}${templateLine}${lineEnd}${text}`
      : lines.toSpliced(general + 1, 0, templateLine).join(lineEnd);
  return withLine(named, includeOf(aliasesFile));
}
