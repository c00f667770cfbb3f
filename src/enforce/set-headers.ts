// What `ipset list -t` says of sets. No member is read for it.

export interface SetHeader {
  readonly name: string;
  /** Its type and what it was made with. */
  readonly made: string;
  /** Rules that name it. */
  readonly references: number;
  readonly members: number;
}

/** By name. */
export type SetHeaders = ReadonlyMap<string, SetHeader>;

export function readSetHeaders(listing: string, names: readonly string[]): SetHeaders {
  const headers = listing.split('\n\n').map((block) => ({
    name: field(block, 'Name'),
    made: `${field(block, 'Type')} ${field(block, 'Header')}`,
    references: Number(field(block, 'References')),
    members: Number(field(block, 'Number of entries')),
  }));
  return new Map(headers.filter(({ name }) => names.includes(name)).map((each) => [each.name, each]));
}

function field(block: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
}
