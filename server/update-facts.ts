/**
 * What a Yjs update says of itself, read without applying it.
 */
import { type Doc, getState, type ID, Item, Skip } from 'yjs';
import { decodeBounded } from './bounded-decoder.ts';

export { decodeBounded as decodeUpdate };

export type Update = ReturnType<typeof decodeBounded>;

type Struct = Update['structs'][number];

/** Every extension that looks at a message is handed the same bytes: they are decoded once. */
const decoded = new WeakMap<Uint8Array, Update>();

/** @throws TooManyPieces, and whatever Yjs throws at bytes that are no update */
export function readUpdate(update: Uint8Array): Update {
  const known = decoded.get(update);
  if (known) return known;
  const read = decodeBounded(update);
  decoded.set(update, read);
  return read;
}

/** The clients whose words it holds. */
export function clientIdsIn({ structs }: Update): Set<number> {
  return new Set(structs.map(({ id }) => id.client));
}

/** The clients of which it holds more than the document does. */
export function clientsGrownBy({ store }: Doc, { structs }: Update): number[] {
  const grown: number[] = [];
  for (const struct of structs) {
    const { client, clock } = struct.id;
    // Those of one client stand together.
    if (struct instanceof Skip || grown.at(-1) === client) continue;
    if (clock + struct.length > getState(store, client)) grown.push(client);
  }
  return grown;
}

/** Whether it inserts nothing. */
export function isOnlyDeleting({ structs }: Update): boolean {
  return structs.length === 0;
}

/** Whether somebody with this state vector has some of what it inserts. */
export function beginsWithin(vector: ReadonlyMap<number, number>, { structs }: Update): boolean {
  return structs.some((struct) => {
    const { client, clock } = struct.id;
    return !(struct instanceof Skip) && clock < (vector.get(client) ?? 0);
  });
}

/**
 * Whether it builds on something that the document lacks. Yjs would put it aside and wait for the rest: it would be
 * acknowledged, and neither shown nor stored.
 */
export function lacksHistory(document: Doc, update: Update): boolean {
  const ends = new Map<number, number>();
  const endOf = (client: number) => ends.get(client) ?? getState(document.store, client);
  for (const struct of update.structs) {
    if (struct instanceof Skip) continue;
    const { client, clock } = struct.id;
    if (clock > endOf(client)) return true;
    ends.set(client, Math.max(endOf(client), clock + struct.length));
  }
  const isThere = (id: { client: number; clock: number } | null) =>
    id === null || id.clock < endOf(id.client);
  for (const struct of update.structs) {
    if (!(struct instanceof Item)) continue;
    if (!isThere(struct.origin) || !isThere(struct.rightOrigin)) return true;
    // A parent is an id here, the name of a root type, or nothing when an origin tells it.
    const parent = struct.parent as unknown;
    if (typeof parent === 'object' && parent !== null && 'clock' in parent && !isThere(parent as never))
      return true;
  }
  for (const [client, deletes] of update.ds.clients) {
    for (const { clock, len } of deletes) if (clock + len > endOf(client)) return true;
  }
  return false;
}

/**
 * Whether something in it waits for what waits for it. Yjs would put all of that aside for good, and look at it again
 * with each edit that comes.
 */
export function isCircular({ structs }: Update): boolean {
  const [first] = structs;
  if (!first) return false;
  const isOfOne = structs.every(({ id }) => id.client === first.id.client);
  // Of one client each stands behind the one before it.
  return isOfOne
    ? structs.some((struct) => idsBefore(struct).some(({ client, clock }) => isOwn(struct, client, clock)))
    : new Order(structs).isCircular();
}

function isOwn({ id }: Struct, client: number, clock: number): boolean {
  return client === id.client && clock >= id.clock;
}

/** What must be there before it. */
function idsBefore(struct: Struct): ID[] {
  if (!(struct instanceof Item)) return [];
  const { origin, rightOrigin } = struct;
  const parent = struct.parent as unknown;
  const ids = [origin, rightOrigin].filter((id) => id !== null);
  if (typeof parent === 'object' && parent !== null && 'clock' in parent) ids.push(parent as ID);
  return ids;
}

/** What stands before what, in an update of several clients. */
class Order {
  readonly #structs: readonly Struct[];
  /** Where those of a client begin and end. */
  readonly #runs = new Map<number, { readonly from: number; to: number }>();

  constructor(structs: readonly Struct[]) {
    this.#structs = structs;
    for (const [index, { id }] of structs.entries()) {
      const run = this.#runs.get(id.client);
      if (run) run.to = index;
      else this.#runs.set(id.client, { from: index, to: index });
    }
  }

  /** Walks from each to what stands before it, and meets nothing twice on one way. */
  isCircular(): boolean {
    const state = new Uint8Array(this.#structs.length);
    for (let start = 0; start < state.length; start += 1) {
      const way: { readonly index: number; readonly left: number[] }[] = [];
      const enter = (index: number) => {
        state[index] = onTheWay;
        way.push({ index, left: this.#before(index) });
      };
      if (state[start] === unseen) enter(start);
      for (let here = way.at(-1); here; here = way.at(-1)) {
        const next = here.left.pop();
        if (next === undefined) {
          state[here.index] = done;
          way.pop();
        } else if (state[next] === onTheWay) return true;
        else if (state[next] === unseen) enter(next);
      }
    }
    return false;
  }

  #before(index: number): number[] {
    const struct = this.#structs[index] as Struct;
    const before = idsBefore(struct).flatMap((id) => this.#indexOf(id) ?? []);
    if (this.#structs[index - 1]?.id.client === struct.id.client) before.push(index - 1);
    return before;
  }

  /** `undefined` for what is in no struct of the update. */
  #indexOf({ client, clock }: ID): number | undefined {
    const run = this.#runs.get(client);
    if (!run || (this.#structs[run.from] as Struct).id.clock > clock) return undefined;
    let [low, high] = [run.from, run.to];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#structs[middle] as Struct).id.clock <= clock) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const unseen = 0;
const onTheWay = 1;
const done = 2;
