/**
 * What a Yjs update says of itself, read without applying it.
 */
import { type Doc, decodeUpdate, getState, Item, Skip } from 'yjs';

export { decodeUpdate };

export type Update = ReturnType<typeof decodeUpdate>;

/** Every extension that looks at a message is handed the same bytes: they are decoded once. */
const decoded = new WeakMap<Uint8Array, Update>();

/** @throws whatever Yjs throws at bytes that are no update */
export function readUpdate(update: Uint8Array): Update {
  const known = decoded.get(update);
  if (known) return known;
  const read = decodeUpdate(update);
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
