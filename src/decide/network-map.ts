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
  values(): readonly Value[];
  readonly size: number;
}

/** A fork without a network has two branches. */
interface Node extends AddressBits {
  network: Network | undefined;
  readonly branches: [Node | undefined, Node | undefined];
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
    values: () => [...values.values()],
    get size() {
      return values.size;
    },
  };
  for (const [target, value] of initial) map.set(target, value);
  return map;
}

function createNode({ words, length }: AddressBits, network?: Network): Node {
  return { words, length, network, branches: [undefined, undefined] };
}

/** The most specific network that covers all of the target, and the node of all that lie inside of it. */
function pathTo(root: Node, { words, length }: AddressBits) {
  let covering: Network | undefined;
  let node: Node | undefined = root;
  while (node && node.length < length && commonBits(node.words, words, node.length) === node.length) {
    covering = node.network ?? covering;
    node = node.branches[bitAt(words, node.length)];
  }
  const isInside =
    node !== undefined && node.length >= length && commonBits(node.words, words, length) === length;
  if (isInside && node?.length === length) covering = node.network ?? covering;
  return { covering, below: isInside ? node : undefined };
}

function anyIn(node: Node | undefined): Network | undefined {
  let at = node;
  while (at && at.network === undefined) at = at.branches[0] ?? at.branches[1];
  return at?.network;
}

function insert(root: Node, network: Network): void {
  const bits = bitsOf(network);
  let node = root;
  while (node.length < bits.length) {
    const branch = bitAt(bits.words, node.length);
    const next = node.branches[branch];
    const common = next ? commonBits(next.words, bits.words, Math.min(next.length, bits.length)) : 0;
    if (next && common === next.length) {
      node = next;
      continue;
    }
    const leaf = createNode(bits, network);
    if (!next) node.branches[branch] = leaf;
    else node.branches[branch] = joined(next, leaf, common);
    return;
  }
  node.network = network;
}

/** The node over both, which have `common` bits in common: one of them, or a fork. */
function joined(next: Node, leaf: Node, common: number): Node {
  const top = common === leaf.length ? leaf : createNode({ words: leaf.words, length: common });
  top.branches[bitAt(next.words, common)] = next;
  if (top !== leaf) top.branches[bitAt(leaf.words, common)] = leaf;
  return top;
}

/** The network is there. A node that decides nothing any more goes, and the fork above it too. */
function remove(root: Node, { words, length }: AddressBits): void {
  const path = [root];
  let node = root;
  while (node.length < length) {
    node = node.branches[bitAt(words, node.length)]!;
    path.push(node);
  }
  node.network = undefined;
  for (let index = path.length - 1; index > 0; index -= 1) {
    const [zero, one] = path[index]!.branches;
    if (path[index]!.network !== undefined || (zero && one)) return;
    path[index - 1]!.branches[bitAt(words, path[index - 1]!.length)] = zero ?? one;
  }
}
