// Setup's piece for refusing attackers in Asterisk itself: a named ACL that includes our file, and one section of pjsip.conf
// that asks it. Where pjsip.conf names an ACL that is not there, everybody is refused: the ACL comes first and goes last.
import { SipwardenError } from '../model/error.ts';
import { aclStub } from './acl-stub.ts';
import { lineEndOf, readLines, sectionOf } from './conf-text.ts';
import { type FileChange, readStoredFile } from './file-plan.ts';
import { type AclPlaces, followed } from './installation.ts';
import { type Edit, joinPlans, planEdit, planEditReturn, type SetupPiece } from './setup-piece.ts';

const beginning = '; Made by "sipwarden setup", undone by "sipwarden setup --remove".';
const aclReload = 'module reload acl';
const pjsipReload = 'module reload res_pjsip.so';

/** Plans throw SETUP_ACL_EXISTS. */
export function createAclPiece(
  { etc, section, file, isEnabled, pjsipFile }: AclPlaces & { readonly etc: string },
  installation: () => Promise<{ readonly gid: number }>,
): SetupPiece {
  const acl = [
    beginning,
    `[${section}]`,
    '; This refuses nobody, and keeps the section alive: without it Asterisk would refuse everybody.',
    `${aclStub.sense} = ${aclStub.network}/32`,
    `#tryinclude "${file}"`,
  ];
  const pjsip = [beginning, `[${section}-acl]`, 'type = acl', `acl = ${section}`];
  const editOf = async (name: string, block: readonly string[]): Promise<Edit> => ({
    path: await followed(`${etc}/${name}`),
    edit: (text) => withBlock(text, block, name),
    undo: (text) => withoutBlock(text, block),
    isOptional: true,
  });
  const edits = async (pjsipConf: string) => ({
    acl: await editOf('acl.conf', acl),
    pjsip: await editOf(pjsipFile ?? additionsTo(pjsipConf), pjsip),
  });
  const readPjsipConf = async () => (await readStoredFile(`${etc}/pjsip.conf`))?.text;
  return {
    // Each file is read as soon as it is there.
    reload: [],
    async plan() {
      const pjsipConf = await readPjsipConf();
      if (pjsipConf === undefined) {
        return { changes: [], notes: [`there is no ${etc}/pjsip.conf: Asterisk itself will refuse nobody`] };
      }
      const [made, { gid }] = [await edits(pjsipConf), await installation()];
      return {
        changes: [
          ...readBy(aclReload, await planEdit(made.acl, gid)),
          ...readBy(pjsipReload, await planEdit(made.pjsip, gid)),
        ],
        notes: isEnabled ? [] : [switchOn],
      };
    },
    async removal() {
      const made = await edits((await readPjsipConf()) ?? '');
      const [first, last] = [await planEditReturn(made.pjsip), await planEditReturn(made.acl)];
      return joinPlans([
        { ...first, changes: readBy(pjsipReload, first.changes) },
        { ...last, changes: readBy(aclReload, last.changes) },
      ]);
    },
  };
}

const switchOn =
  'with [asterisk_acl] enabled = true in sipwarden.toml, Asterisk itself refuses whoever is banned, too';

/** FreePBX and its kin write pjsip.conf themselves, and include what is the administrator's. */
function additionsTo(pjsipConf: string): string {
  const custom = 'pjsip_custom.conf';
  const isIncluded = pjsipConf
    .split(/\r?\n/)
    .some((line) => /^\s*#(try)?include\s+["<]?(\S*\/)?pjsip_custom\.conf/.test(line));
  return isIncluded ? custom : 'pjsip.conf';
}

function readBy(reload: string, changes: readonly FileChange[]): readonly FileChange[] {
  return changes.map((change) => (change.isBackup ? change : { ...change, reload }));
}

/** At the end, unless it is there. Throws SETUP_ACL_EXISTS where somebody else has a section of that name. */
function withBlock(text: string, block: readonly string[], path: string): string {
  const lineEnd = lineEndOf(text);
  const { lines, at } = findBlock(text, block);
  if (at >= 0) return lines.toSpliced(at, block.length, ...block).join(lineEnd);
  const name = sectionOf(block[1]!);
  if ([...readLines(lines)].some(([, line]) => sectionOf(line) === name)) {
    throw new SipwardenError('SETUP_ACL_EXISTS', `${path} already has a section [${name}]`, {
      hint: 'take it out there, or name another ACL in [asterisk_acl] section of sipwarden.toml',
    });
  }
  const separator = text === '' || text.endsWith('\n') ? '' : lineEnd;
  return `${text}${separator}${block.join(lineEnd)}${lineEnd}`;
}

function withoutBlock(text: string, block: readonly string[]): string {
  const { lines, at } = findBlock(text, block);
  return at < 0 ? text : lines.toSpliced(at, block.length).join(lineEndOf(text));
}

/** It is known by its first two lines: what it includes may have changed. */
function findBlock(text: string, [first, section]: readonly string[]) {
  const lines = text.split(lineEndOf(text));
  const at = lines.findIndex((line, index) => line === first && lines[index + 1] === section);
  return { lines, at };
}
