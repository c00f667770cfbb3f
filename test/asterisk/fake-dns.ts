// A name service whose answers a test writes, and may change.
import type { Dns } from '../../src/asterisk/host-lookup.ts';

export type Records = Record<string, readonly string[] | 'failure' | 'silence'>;

/** Records as `A name`, `AAAA name`, `SRV name`, `hosts name`; what is not there does not exist. */
export function fakeDns(records: Records): Dns & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = async (question: string): Promise<readonly string[]> => {
    asked.push(question);
    const found = records[question];
    if (found === 'silence') return new Promise(() => {});
    if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    if (found === 'failure') throw Object.assign(new Error('timeout'), { code: 'ETIMEOUT' });
    return found;
  };
  return {
    asked,
    resolve4: (host) => answer(`A ${host}`),
    resolve6: (host) => answer(`AAAA ${host}`),
    resolveSrv: async (name) => (await answer(`SRV ${name}`)).map((target) => ({ name: target })),
    lookup: (host) => answer(`hosts ${host}`),
  };
}
