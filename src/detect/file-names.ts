// When two names of provisioning files mean the same one.

/** Without folders, in small letters: a server may serve one file under several paths. */
export function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1).toLowerCase();
}
