// Where no Asterisk is: it takes every ACL and is never live.
import type { PbxAcl } from '../src/model/pbx-acl.ts';

export const noPbx: PbxAcl = { take: async () => undefined, watch: () => () => undefined, notices: () => [] };
