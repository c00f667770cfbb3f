// The contract on a real kernel: every row in a namespace of its own.
import { describe, test } from '@jest/globals';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { type Namespace, openNamespace } from '../enforce/namespace.ts';
import { describeEnforcer, type EnforcerSubject } from './enforcer-contract.ts';

export interface KernelSubject extends Pick<EnforcerSubject, 'clock'> {
  readonly name: string;
  /** Why it cannot be tested here; its rows are then skipped by name. */
  readonly missing: string | undefined;
  create(namespace: Namespace): Enforcer;
  readonly membersIn?: (namespace: Namespace) => EnforcerSubject['members'];
}

export function describeInKernel({
  name,
  missing,
  clock,
  create,
  membersIn = ({ members }) => members,
}: KernelSubject): void {
  if (missing) {
    describe.skip(`${name} (skipped: ${missing})`, () => test('contract', () => {}));
    return;
  }
  describeEnforcer(name, async () => {
    const namespace = await openNamespace();
    const enforcer = create(namespace);
    return {
      enforcer,
      clock,
      another: () => create(namespace),
      members: membersIn(namespace),
      async dispose() {
        await enforcer.close();
        await namespace.remove();
      },
    };
  });
}
