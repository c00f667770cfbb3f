// What `sipwarden setup` writes so that Asterisk mirrors its SIP messages to us: hep.conf and the password in it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readStoredFile } from './file-plan.ts';
import { findHepPassword, formatHepPassword } from './hep-secret.ts';
import type { HepPlaces, SetupPlaces } from './installation.ts';
import { joinPlans, planOwnFile, planOwnFileReturn, type SetupPiece } from './setup-piece.ts';

const template = new URL('../../asterisk-conf/hep.conf', import.meta.url);
const toldNote =
  'Asterisk mirrors to us once it was told "module load res_hep.so", "module reload res_hep.so" and "module load ' +
  'res_hep_pjsip.so"; with autoload = no both belong into modules.conf';

/** A mirror that somebody else uses is left alone, with a note. Plans throw HEP_SECRET_*, SETUP_UNREADABLE. */
export function createHepPiece(
  { etc, secretGroup = process.getgid?.() ?? 0 }: Pick<SetupPlaces, 'etc' | 'secretGroup'>,
  { secretFile, captureAddress }: HepPlaces,
  installation: () => Promise<{ readonly gid: number }>,
): SetupPiece {
  const path = `${etc}/hep.conf`;
  const read = async () => (await readStoredFile(path))?.text ?? '';
  return {
    reload: [],
    async plan() {
      const found = await read();
      if (isUsedByOthers(found)) {
        const note = `${path} mirrors to another program already, and Asterisk mirrors to one alone: let that one pass it on to ${captureAddress}`;
        return { changes: [], notes: [note] };
      }
      const { gid } = await installation();
      const known = secretFile === '' ? undefined : await findHepPassword(secretFile);
      const isNew = secretFile !== '' && known === undefined;
      const password = isNew ? randomBytes(24).toString('base64url') : known;
      const text = renderHepConf(await readFile(template, 'latin1'), captureAddress, password);
      const secret =
        isNew && password ? await planOwnFile(secretFile, formatHepPassword(password), secretGroup) : [];
      return {
        changes: [...secret, ...(await planOwnFile(path, text, gid))],
        notes: text === found ? [] : [toldNote],
      };
    },
    async removal() {
      return joinPlans([
        ...(isOurs(await read()) ? [await planOwnFileReturn(path)] : []),
        ...(secretFile === '' ? [] : [await planOwnFileReturn(secretFile)]),
      ]);
    },
  };
}

function renderHepConf(text: string, captureAddress: string, password: string | undefined): string {
  const line = password === undefined ? '' : `capture_password = ${password}\n`;
  return text
    .replace(/^capture_address = .*$/m, () => `capture_address = ${captureAddress}`)
    .replace(/^capture_password = .*\n/m, () => line);
}

function isOurs(text: string): boolean {
  return text.startsWith('; Written by "sipwarden setup"');
}

function isUsedByOthers(text: string): boolean {
  return !isOurs(text) && /^\s*enabled\s*=>?\s*(yes|true|on|y|t|1)\s*(;|$)/im.test(text);
}
