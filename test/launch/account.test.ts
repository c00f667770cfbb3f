import { expect, test } from '@jest/globals';
import { findAccount } from '../../src/launch/account.ts';

const passwd = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\nbroken\n';

test('a user is found by name with its group', () => {
  expect(findAccount('nobody', passwd)).toEqual({ uid: 65_534, gid: 65_533 });
});

test('a user is found by number with its group', () => {
  expect(findAccount('65534', passwd)).toEqual({ uid: 65_534, gid: 65_533 });
});

test('a user may be a number without a name', () => {
  expect(findAccount('4242', passwd)).toEqual({ uid: 4_242, gid: 4_242 });
});

test.each(['nobdoy', 'broken', '', 'nobody:x'])('there is no user %j', (user) => {
  expect(findAccount(user, passwd)).toBeUndefined();
});
