// More TFTP requests from one source than phones need (mission M6): somebody tries names of provisioning files.
import { defineLimitDetector } from './limit-excess.ts';

export const tftpBruteforce = defineLimitDetector({
  name: 'tftp-bruteforce',
  limit: 'tftp',
  summary: 'more TFTP requests from one source than [limit] lets a stranger send',
  what: 'times over the limit of TFTP requests',
});
