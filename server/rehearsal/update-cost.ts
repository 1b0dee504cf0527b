/**
 * How much work can this update make for Yjs, at most? Told from its shape, before it is applied.
 *
 * Yjs puts an insertion between its two neighbours. Where they are neighbours in the document, as they were for whoever
 * made it, that costs nothing; else it walks past everything in between, and few bytes can ask for many long walks.
 * Much of an update that begins or ends within what is one piece in the document moves all that follows it.
 */
import { ContentType, type Doc, findIndexSS, getState, type ID, Item } from 'yjs';
import type { readUpdate } from '../update-facts.ts';

type Update = ReturnType<typeof readUpdate>;

/** In the time that it takes to walk past one piece, which is about a microsecond. */
const perPiece = 3;
/** A piece in a row of very many moves aside, and a deletion is looked around from, as fast as this. */
const perMove = 0.001;
const perLookAround = 0.005;

/** So far it is looked how far two places are apart. */
const longestLook = 1_000;

/** More than this nobody is to wait for; and of long walks much less, since one asks for them again and again. */
const harmlessWork = 50_000;
const harmlessWalks = 2_000;

/** What is in a document, and what came since that was counted: at most. */
interface Size {
  readonly pieces: number;
  /** Elements, and texts in them. */
  readonly types: number;
  piecesSince: number;
  typesSince: number;
}

/** About how much is in a document: counted now and then, and estimated meanwhile. */
export class DocumentSizes {
  readonly #sizes = new WeakMap<Doc, Size>();

  /** @returns how many pieces the document is in, at most */
  piecesIn(document: Doc): number {
    const { pieces, piecesSince } = this.#sizeOf(document);
    return pieces + piecesSince;
  }

  hasMoreTypes(document: Doc, count: number): boolean {
    const { types, typesSince } = this.#sizeOf(document);
    return types + typesSince > count && this.#count(document).types > count;
  }

  /** This is about to be applied: each insertion and deletion may cut what is there in three. */
  grows(document: Doc, update: Update): void {
    const size = this.#sizes.get(document);
    if (!size) return;
    size.piecesSince += 3 * (update.structs.length + rangesIn(document, update).ranges);
    size.typesSince += update.structs.length;
  }

  #sizeOf(document: Doc): Size {
    const size = this.#sizes.get(document);
    return size && size.piecesSince <= size.pieces / 4 + 1_000 ? size : this.#count(document);
  }

  #count(document: Doc): Size {
    const size = { pieces: 0, types: 0, piecesSince: 0, typesSince: 0 };
    for (const structs of document.store.clients.values()) {
      size.pieces += structs.length;
      for (const struct of structs) {
        if (struct instanceof Item && struct.content instanceof ContentType) size.types += 1;
      }
    }
    this.#sizes.set(document, size);
    return size;
  }
}

/** How much it does by itself: insertions, and pieces of the document that it deletes. */
export function sizeOf(document: Doc, update: Update): number {
  const { ranges, deleted } = rangesIn(document, update);
  return update.structs.length + ranges + deleted;
}

/**
 * Whether it can be applied without another look, as what people type can.
 *
 * @param piecesInDocument at most
 */
export function isHarmless(document: Doc, piecesInDocument: number, update: Update): boolean {
  const { structs } = update;
  const { ranges, deleted } = rangesIn(document, update);
  const count = structs.length + ranges;
  const pieceCount = piecesInDocument + count;
  const work = count * perPiece + count * pieceCount * perMove + deleted * deleted * perLookAround;
  if (work > harmlessWork) return false;
  return (
    structs.length * pieceCount <= harmlessWalks || walksOf(document, pieceCount, update) <= harmlessWalks
  );
}

/**
 * Past how many pieces the update's insertions can have to walk.
 *
 * @param pieceCount of the document and the update, at most
 */
export function walksOf(document: Doc, pieceCount: number, { structs }: Update): number {
  const [first] = structs;
  const isOfOne = structs.every(({ id }) => id.client === first?.id.client);
  // Of several clients Yjs takes the insertions in another order than they stand here.
  if (!first || !isOfOne || first.id.clock < getState(document.store, first.id.client)) {
    return structs.length * pieceCount;
  }
  const places = new Places(document, structs);
  let walks = 0;
  let displaced = 0;
  for (const [index, struct] of structs.entries()) {
    if (!(struct instanceof Item)) continue;
    const distance = places.put(struct) ?? pieceCount;
    // Behind one that may stand elsewhere than thought, so may all the others.
    displaced = Math.max(displaced, distance);
    if (displaced > 0) walks += Math.min(pieceCount, distance + displaced + index);
  }
  return walks;
}

/** What stands behind what, when the insertions of one client have come into the document. */
class Places {
  readonly #document: Doc;
  readonly #structs: Update['structs'];
  readonly #behind = new Map<string, ID | null>();
  /** Those that something has been put before. */
  readonly #notFirst = new Set<string>();
  readonly #first = new Set<string>();
  readonly #filled = new Set<string>();

  constructor(document: Doc, structs: Update['structs']) {
    this.#document = document;
    this.#structs = structs;
  }

  /** @returns how many pieces lie between its neighbours; `undefined` when that is not known */
  put(item: Item): number | undefined {
    const { origin, rightOrigin } = item;
    const distance = origin ? this.#distance(origin, rightOrigin) : this.#distanceFromStart(item);
    if (origin) this.#behind.set(keyOf(origin), item.id);
    else {
      this.#first.add(keyOf(item.id));
      if (rightOrigin) this.#notFirst.add(keyOf(rightOrigin));
    }
    this.#behind.set(keyOf(lastOf(item)), rightOrigin);
    return distance;
  }

  #distance(left: ID, right: ID | null): number | undefined {
    const behind = this.#behindOf(left);
    if (behind === undefined) return undefined;
    return isSame(behind, right) ? 0 : this.#distanceInDocument(left, right);
  }

  #distanceFromStart({ parent, parentSub, rightOrigin }: Item): number | undefined {
    if (rightOrigin) {
      const key = keyOf(rightOrigin);
      if (this.#first.has(key)) return this.#notFirst.has(key) ? undefined : 0;
      const right = this.#storedAt(rightOrigin);
      const isFirst = right && right.id.clock === rightOrigin.clock && right.left === null;
      return isFirst && !this.#notFirst.has(key) ? 0 : undefined;
    }
    const key = `${typeof parent === 'string' ? parent : keyOf(parent as unknown as ID)}/${parentSub ?? ''}`;
    if (this.#filled.has(key) || !this.#isEmpty(parent as unknown as ID | string, parentSub))
      return undefined;
    this.#filled.add(key);
    return 0;
  }

  #isEmpty(parent: ID | string, parentSub: string | null): boolean {
    const type = typeof parent === 'string' ? this.#document.share.get(parent) : this.#typeAt(parent);
    if (type === undefined) return true;
    return type !== null && (parentSub === null ? type._start === null : !type._map.has(parentSub));
  }

  /** `undefined` for one that comes with the update. */
  #typeAt(id: ID) {
    if (this.#ownAt(id)) return undefined;
    const content = this.#storedAt(id)?.content;
    return content instanceof ContentType ? content.type : null;
  }

  /** `null` at the end; `undefined` when that is not known. */
  #behindOf(id: ID): ID | null | undefined {
    const known = this.#behind.get(keyOf(id));
    if (known !== undefined || this.#behind.has(keyOf(id))) return known;
    const item = this.#ownAt(id) ?? this.#storedAt(id);
    if (!item) return undefined;
    if (id.clock < lastOf(item).clock) return { client: id.client, clock: id.clock + 1 };
    return item.right ? item.right.id : null;
  }

  #distanceInDocument(left: ID, right: ID | null): number | undefined {
    const from = this.#storedAt(left);
    const to = right && this.#storedAt(right);
    if (!from || to === undefined) return undefined;
    let pieces = 1;
    for (let item: Item | null = from; item !== to; item = item.right) {
      if (item === null || pieces > longestLook) return undefined;
      pieces += 1;
    }
    return pieces;
  }

  #ownAt({ client, clock }: ID): Item | undefined {
    const [first] = this.#structs;
    if (!first || client !== first.id.client || clock < first.id.clock) return undefined;
    const last = this.#structs.at(-1);
    if (!last || clock >= last.id.clock + last.length) return undefined;
    const struct = this.#structs[findIndexSS(this.#structs as never, clock)];
    return struct instanceof Item ? struct : undefined;
  }

  #storedAt({ client, clock }: ID): Item | undefined {
    const structs = this.#document.store.clients.get(client);
    if (!structs || clock >= getState(this.#document.store, client)) return undefined;
    const struct = structs[findIndexSS(structs, clock)];
    return struct instanceof Item ? struct : undefined;
  }
}

/** What it deletes: how many ranges, and how many pieces of the document in them. */
function rangesIn({ store }: Doc, { ds }: Update): { ranges: number; deleted: number } {
  let ranges = 0;
  let deleted = 0;
  for (const [client, all] of ds.clients) {
    ranges += all.length;
    const structs = store.clients.get(client);
    const end = getState(store, client);
    if (!structs) continue;
    for (const { clock, len } of all) {
      if (clock >= end) continue;
      const last = Math.min(clock + len, end) - 1;
      deleted += findIndexSS(structs, last) - findIndexSS(structs, clock) + 1;
    }
  }
  return { ranges, deleted };
}

function lastOf({ id, length }: Item): ID {
  return { client: id.client, clock: id.clock + length - 1 };
}

function keyOf({ client, clock }: ID): string {
  return `${client}:${clock}`;
}

function isSame(one: ID | null, other: ID | null): boolean {
  return one === other || (one?.client === other?.client && one?.clock === other?.clock);
}
