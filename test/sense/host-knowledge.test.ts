import { expect, test } from '@jest/globals';
import { describeHost } from '../../src/sense/host-knowledge.ts';
import { noLogins } from '../../src/sense/host-logins.ts';

const all = { administrators: true, gateways: true };
const logins = { ...noLogins, sources: ['utmp', 'systemd-logind'] };

test('the line for a person says what is read', () => {
  const knowledge = { logins, gateways: ['192.0.2.1'], haveRoutes: true };
  expect(describeHost(all, knowledge)).toBe('logins from utmp and systemd-logind; gateways 192.0.2.1');
  expect(describeHost({ administrators: false, gateways: false }, knowledge)).toBe(
    'logins are not read; gateways are not read',
  );
});

test('the line for a person says which logins are not protected, and what to do about it', () => {
  const nameless = { ...logins, nameless: 2 };
  expect(describeHost(all, { logins: nameless, gateways: [], haveRoutes: true })).toBe(
    'logins from utmp and systemd-logind (2 by host name alone, and not protected: set "UseDNS no" in sshd_config); no default gateway',
  );
});

test('the line for a person stays short on a host with many gateways', () => {
  const gateways = [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}`);
  expect(describeHost(all, { logins, gateways, haveRoutes: true })).toMatch(/192\.0\.2\.4 and 2 more$/);
});
