// Waits of the inventory that a test can sit out.
import type { InventoryTiming } from '../../src/asterisk/inventory.ts';

const read = { quietMs: 5, restMostMs: 1, retryLeastMs: 5, retryMostMs: 10 };

export const quickInventory: InventoryTiming = {
  contacts: read,
  trunks: read,
  calls: { read, againMs: 60_000, gatherMs: 1 },
  hostNames: { everyMs: 60_000, unansweredEveryMs: 60_000, firstMs: 100 },
};
