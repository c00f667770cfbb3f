// What `sipwarden setup` writes so that Asterisk mirrors its SIP messages to us: hep.conf and the password in it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readStoredFile } from './file-plan.ts';
import { findHepPassword, formatHepPassword } from './hep-secret.ts';

export interface HepPlaces {
  /** "" where Asterisk is to show no password. */
  readonly secretFile: string;
  /** Where we listen, as hep.conf writes it. */
  readonly captureAddress: string;
}

export interface HepFiles {
  /** Where there is none yet. */
  readonly secret?: { readonly path: string; readonly text: string };
  readonly conf?: { readonly path: string; readonly text: string };
  readonly notes: readonly string[];
}

const template = new URL('../../asterisk-conf/hep.conf', import.meta.url);

/** hep.conf, where setup wrote it. */
export async function findOwnHepConf(etc: string): Promise<string | undefined> {
  const path = hepConfIn(etc);
  return isOurs((await readStoredFile(path))?.text ?? '') ? path : undefined;
}

/** A mirror that somebody else uses is left alone, with a note. Throws HEP_SECRET_*, SETUP_UNREADABLE. */
export async function planHep(etc: string, { secretFile, captureAddress }: HepPlaces): Promise<HepFiles> {
  const path = hepConfIn(etc);
  const found = (await readStoredFile(path))?.text ?? '';
  if (isUsedByOthers(found)) {
    const note = `${path} mirrors to another program already, and Asterisk mirrors to one alone: let that one pass it on to ${captureAddress}`;
    return { notes: [note] };
  }
  const known = secretFile === '' ? undefined : await findHepPassword(secretFile);
  const isNew = secretFile !== '' && known === undefined;
  const password = isNew ? randomBytes(24).toString('base64url') : known;
  const text = renderHepConf(await readFile(template, 'latin1'), captureAddress, password);
  return {
    ...(isNew && password && { secret: { path: secretFile, text: formatHepPassword(password) } }),
    conf: { path, text },
    notes:
      text === found
        ? []
        : [
            'Asterisk mirrors to us once it was told "module load res_hep.so", "module reload res_hep.so" and "module load ' +
              'res_hep_pjsip.so"; with autoload = no both belong into modules.conf',
          ],
  };
}

function renderHepConf(text: string, captureAddress: string, password: string | undefined): string {
  const line = password === undefined ? '' : `capture_password = ${password}\n`;
  return text
    .replace(/^capture_address = .*$/m, () => `capture_address = ${captureAddress}`)
    .replace(/^capture_password = .*\n/m, () => line);
}

function hepConfIn(etc: string): string {
  return `${etc}/hep.conf`;
}

function isOurs(text: string): boolean {
  return text.startsWith('; Written by "sipwarden setup"');
}

function isUsedByOthers(text: string): boolean {
  return !isOurs(text) && /^\s*enabled\s*=>?\s*(yes|true|on|y|t|1)\s*(;|$)/im.test(text);
}
