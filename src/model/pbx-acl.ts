// The PBX's own access list: what it is to hold, and who has it read that.
import type { Network } from './address.ts';

/** The last rule that matches an address decides about it; one that no rule matches is permitted. */
export interface AclRule {
  readonly sense: 'deny' | 'permit';
  readonly network: Network;
}

export interface PbxAcl {
  /**
   * Has the PBX read the file again; resolves when it holds these rules, as far as it can be asked. Rejects with ACL_NOT_READ,
   * ACL_NOT_IN_FORCE.
   */
  take(rules: readonly AclRule[]): Promise<void>;
  /** Tells when the PBX can be asked again: it may have been restarted. Never after what it returns. */
  watch(onLive: () => void): () => void;
  /** What it cannot make sure of, as sentences for a person. */
  notices(): readonly string[];
}
