import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { hepListener } from '../../src/capture/protocol.ts';
import { describeListen, hepListenerOf, hepOptions, hepPlacesOf } from '../../src/sense/hep-options.ts';

const remote = { enabled: true, listen: '192.0.2.1:9060', allow: ['192.0.2.7', '2001:db8::/64'] };

describe('the options of [hep]', () => {
  test('have a default each: nothing is heard, and if so from this machine with a password', () => {
    expect(hepOptions.parse({})).toEqual({
      enabled: false,
      listen: { address: '127.0.0.1', port: 9_060 },
      password_file: '/etc/sipwarden/hep.secret',
      allow: [],
      local: [],
      tls_ports: [[5_061, 5_061]],
      ws_ports: [[8_088, 8_088]],
      wss_ports: [[8_089, 8_089]],
    });
  });

  test.each([
    ['another machine with a password and the senders', remote],
    ['this machine without a password', { enabled: true, password_file: '' }],
    ['the same over IPv6', { enabled: true, listen: '[::1]:9060', password_file: '' }],
    ['whatever is not in use', { listen: '0.0.0.0:9060' }],
  ])('take %s', (_name, options) => {
    expect(hepOptions.safeParse(options).success).toBe(true);
  });

  test.each([
    ['another machine without a password', { ...remote, password_file: '' }, 'password_file'],
    ['another machine without senders', { ...remote, allow: [] }, 'allow'],
    ['every address without senders', { enabled: true, listen: '[::]:9060' }, 'allow'],
    ['a port that only root may open', { listen: '127.0.0.1:514' }, 'listen'],
    ['no port', { listen: '127.0.0.1' }, 'listen'],
    ['a host name', { listen: 'localhost:9060' }, 'listen'],
    ['a port that is none', { listen: '127.0.0.1:99999' }, 'listen'],
  ])('refuse %s', (_name, options, option) => {
    const { error } = hepOptions.safeParse(options);
    expect(error?.issues[0]?.path).toEqual([option]);
  });

  test('reach the sidecar without the password itself', () => {
    const listener = hepListenerOf(hepOptions.parse(remote), 'of the test');
    expect(hepListener.parse(listener)).toMatchObject({
      listen: { address: '192.0.2.1', port: 9_060 },
      passwordHash: hash('sha256', 'of the test'),
      allow: remote.allow,
    });
    expect(JSON.stringify(listener)).not.toContain('of the test');
    expect(hepListenerOf(hepOptions.parse({}), undefined)).not.toHaveProperty('passwordHash');
  });

  test.each([
    ['127.0.0.1:9060', '127.0.0.1:9060'],
    ['[2001:db8::1]:9060', '[2001:db8::1]:9060'],
    ['0.0.0.0:9060', '127.0.0.1:9060'],
    ['[::]:9060', '[::1]:9060'],
  ])('tell where Asterisk is to send, for listen = "%s"', (listen, captureAddress) => {
    const options = hepOptions.parse({ listen });
    expect(describeListen(options)).toBe(listen);
    expect(hepPlacesOf(options).captureAddress).toBe(captureAddress);
  });
});
