// More INVITEs from one source than a stranger may send (mission M5): limited, told, never banned for it.
import { defineLimitDetector } from './limit-excess.ts';

export const inviteFlood = defineLimitDetector({
  name: 'invite-flood',
  limit: 'invite',
  summary: 'more INVITEs from one source than [limit] lets a stranger send',
  what: 'times over the limit of INVITEs',
});
