// The rule that keeps the section alive: where pjsip.conf names an ACL that is not there, Asterisk answers everybody 403.
import type { AclRule } from '../model/pbx-acl.ts';

/** The broadcast address of a network for documentation (RFC 5737): nobody. */
export const aclStub: AclRule = { sense: 'deny', network: '192.0.2.255' };
