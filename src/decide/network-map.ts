// Values for addresses and networks; the longest network that covers an address decides. A binary tree of prefixes for
// each family, without the nodes that decide nothing (Morrison's PATRICIA): a look-up costs some steps, whatever it holds.
import { isIPv6, type Network } from '../model/address.ts';
import { type AddressBits, bitAt, bitsOf, commonBits } from '../model/address-bits.ts';

export interface NetworkMap<Value> {
  get(target: Network): Value | undefined;
  set(target: Network, value: Value): void;
  delete(target: Network): boolean;
  /** The value of the most specific network that covers all of the target. */
  match(target: Network): Value | undefined;
  /** Any value whose network shares an address with the target. */
  overlapping(target: Network): Value | undefined;
  /** The values of all networks that cover all of the target, the widest first. */
  covering(target: Network): readonly Value[];
  /** The values of the networks that lie inside of the target, itself included. */
  inside(target: Network): Iterable<Value>;
  keys(): Iterable<Network>;
  values(): readonly Value[];
  readonly size: number;
}

/** A fork without a network has two branches. */
interface Node extends AddressBits {
  network: Network | undefined;
  /** By the first bit behind its own. */
  zero: Node | undefined;
  one: Node | undefined;
}

export function createNetworkMap<Value>(
  initial: Iterable<readonly [Network, Value]> = [],
): NetworkMap<Value> {
  const values = new Map<Network, Value>();
  const roots = {
    v4: createNode({ words: [0], length: 0 }),
    v6: createNode({ words: [0, 0, 0, 0], length: 0 }),
  };
  const rootOf = (target: Network) => (isIPv6(target) ? roots.v6 : roots.v4);
  const valueAt = (network: Network | undefined) => (network === undefined ? undefined : values.get(network));

  const map: NetworkMap<Value> = {
    get: (target) => values.get(target),
    set(target, value) {
      if (!values.has(target)) insert(rootOf(target), target);
      values.set(target, value);
    },
    delete(target) {
      const wasThere = values.delete(target);
      if (wasThere) remove(rootOf(target), bitsOf(target));
      return wasThere;
    },
    match: (target) => valueAt(pathTo(rootOf(target), bitsOf(target)).covering),
    overlapping(target) {
      const { covering, below } = pathTo(rootOf(target), bitsOf(target));
      return valueAt(covering ?? anyIn(below));
    },
    covering(target) {
      const bits = bitsOf(target);
      const { passed, below } = pathTo(rootOf(target), bits);
      const nodes = below?.length === bits.length ? [...passed, below] : passed;
      return nodes.filter((node) => covers(node, bits)).flatMap(({ network }) => valueAt(network) ?? []);
    },
    *inside(target) {
      for (const network of allIn(pathTo(rootOf(target), bitsOf(target)).below)) yield valueAt(network)!;
    },
    keys: () => values.keys(),
    values: () => [...values.values()],
    get size() {
      return values.size;
    },
  };
  for (const [target, value] of initial) map.set(target, value);
  return map;
}

function createNode({ words, length }: AddressBits, network?: Network): Node {
  return { words, length, network, zero: undefined, one: undefined };
}

/** The most specific network that covers all of the target, and the node of all that lie inside of it. */
function pathTo(root: Node, bits: AddressBits) {
  const { words, length } = bits;
  const passed: Node[] = [];
  let node: Node | undefined = root;
  while (node && node.length < length) {
    if (node.network !== undefined) passed.push(node);
    node = node[branchOf(node, words)];
  }
  // Only the bits at the forks were looked at until now; what comes too far down is looked at in whole.
  const below = node && commonBits(node.words, words, length) === length ? node : undefined;
  if (below?.length === length && below.network !== undefined)
    return { covering: below.network, below, passed };
  const covering = passed.findLast((node) => covers(node, bits));
  return { covering: covering?.network, below, passed };
}

/** Of a node on the path to the target. */
function covers({ words, length }: Node, target: AddressBits): boolean {
  return commonBits(words, target.words, length) === length;
}

function branchOf({ length }: Node, words: readonly number[]): 'zero' | 'one' {
  return bitAt(words, length) === 0 ? 'zero' : 'one';
}

function anyIn(node: Node | undefined): Network | undefined {
  let at = node;
  while (at && at.network === undefined) at = at.zero ?? at.one;
  return at?.network;
}

function* allIn(node: Node | undefined): Generator<Network> {
  if (node?.network !== undefined) yield node.network;
  if (node?.zero) yield* allIn(node.zero);
  if (node?.one) yield* allIn(node.one);
}

function insert(root: Node, network: Network): void {
  const bits = bitsOf(network);
  let node = root;
  while (node.length < bits.length) {
    const branch = branchOf(node, bits.words);
    const next = node[branch];
    const common = next ? commonBits(next.words, bits.words, Math.min(next.length, bits.length)) : 0;
    if (next && common === next.length) {
      node = next;
      continue;
    }
    const leaf = createNode(bits, network);
    if (!next) node[branch] = leaf;
    else node[branch] = joined(next, leaf, common);
    return;
  }
  node.network = network;
}

/** The node over both, which have `common` bits in common: one of them, or a fork. */
function joined(next: Node, leaf: Node, common: number): Node {
  const top = common === leaf.length ? leaf : createNode({ words: leaf.words, length: common });
  top[branchOf(top, next.words)] = next;
  if (top !== leaf) top[branchOf(top, leaf.words)] = leaf;
  return top;
}

/** The network is there. A node that decides nothing any more goes, and the fork above it too. */
function remove(root: Node, { words, length }: AddressBits): void {
  const path = [root];
  let node = root;
  while (node.length < length) {
    node = node[branchOf(node, words)]!;
    path.push(node);
  }
  node.network = undefined;
  for (let index = path.length - 1; index > 0; index -= 1) {
    const { network, zero, one } = path[index]!;
    if (network !== undefined || (zero && one)) return;
    const above = path[index - 1]!;
    above[branchOf(above, words)] = zero ?? one;
  }
}
