/**
 * What an update may not do to a document, however well-formed it is: hold another document, or nest so deeply that
 * whoever walks the tree, or writes a value out, runs out of stack. Yjs itself writes out what it has just applied, and
 * never gets over it when that fails: nobody would hear of any later edit.
 */
import { createDecoder, readVarUint } from 'lib0/decoding';
import {
  ContentAny,
  ContentDoc,
  ContentEmbed,
  ContentFormat,
  ContentJSON,
  ContentType,
  type Doc,
  findIndexSS,
  GC,
  type ID,
  Item,
} from 'yjs';
import { nestsWithin } from './nesting.ts';
import type { readUpdate } from './update-facts.ts';

type Update = ReturnType<typeof readUpdate>;
type Struct = Update['structs'][number];

/** A list in a quote in a list … comes to a dozen; Markdown is not written more deeply. */
export const maxDepth = 200;

/** What is wrong with the update, in words for the log; `null` when nothing is. */
export function excessOf(document: Doc, update: Update): string | null {
  const tooMany = excessOfClients(document, update);
  if (tooMany) return tooMany;
  const nesting = update.structs.filter(
    (struct) => struct instanceof Item && struct.content instanceof ContentType,
  );
  if (update.structs.some((struct) => struct instanceof Item && struct.content instanceof ContentDoc)) {
    return 'it holds a document';
  }
  if (update.structs.some((struct) => struct instanceof Item && !isShallow(struct.content))) {
    return `a value in it nests over ${maxDepth} levels deep`;
  }
  if (nesting.length === 0) return null;
  const depths = new Depths(document, update);
  return nesting.some((struct) => depths.of(struct.id) > maxDepth)
    ? `it nests over ${maxDepth} levels deep`
    : null;
}

/** Of an attribute, a mark or an embed: what Yjs keeps as it is. */
function isShallow(content: Item['content']): boolean {
  if (content instanceof ContentAny || content instanceof ContentJSON)
    return nestsWithin(content.arr, maxDepth);
  if (content instanceof ContentFormat) return nestsWithin(content.value, maxDepth);
  return !(content instanceof ContentEmbed) || nestsWithin(content.embed, maxDepth);
}

/**
 * Every opening of a page is a Yjs client, and who comes back may bring what many have typed. But words that very many
 * clients put into the same place are put in order one by one, each past all the others.
 */
const maxNewClients = 5_000;
const maxClients = 20_000;

/** With so few it is somebody who types, and not the one who brought the others. */
const fewClients = 10;

function excessOfClients({ store }: Doc, { structs }: Update): string | null {
  const unknown = new Set<number>();
  for (const { id } of structs) if (!store.clients.has(id.client)) unknown.add(id.client);
  if (unknown.size > maxNewClients) return `it brings over ${maxNewClients} clients`;
  return unknown.size > fewClients && store.clients.size + unknown.size > maxClients
    ? `it brings the document to over ${maxClients} clients`
    : null;
}

/**
 * Whether a state vector is about more clients than anybody can know from here, and as many again.
 *
 * @throws when it does not say
 */
export function namesTooMany(stateVector: Uint8Array): boolean {
  return readVarUint(createDecoder(stateVector)) > 2 * maxClients;
}

class Depths {
  readonly #document: Doc;
  /** The update's structs, by client, in order of their clocks. */
  readonly #incoming = new Map<number, Struct[]>();
  readonly #known = new Map<Struct, number>();
  readonly #parents = new Map<Struct, Struct | undefined>();

  constructor(document: Doc, update: Update) {
    this.#document = document;
    for (const struct of update.structs) {
      const structs = this.#incoming.get(struct.id.client) ?? [];
      structs.push(struct);
      this.#incoming.set(struct.id.client, structs);
    }
  }

  /** Levels above this struct; those above what is deeper than allowed are not counted. */
  of(id: ID): number {
    const path: Struct[] = [];
    let struct = this.#structAt(id);
    let above = 0;
    while (struct && path.length <= maxDepth + 1) {
      const known = this.#known.get(struct);
      if (known !== undefined) {
        above = known;
        break;
      }
      path.push(struct);
      struct = this.#parentOf(struct);
    }
    for (const each of path.reverse()) {
      above += 1;
      this.#known.set(each, above);
    }
    return above;
  }

  #parentOf(struct: Struct): Struct | undefined {
    // Where it does not say, it stands beside its origin; of those there can be very many in a row.
    const row: Struct[] = [];
    let item: Struct | undefined = struct;
    while (item instanceof Item && !this.#parents.has(item) && item.parent === null) {
      row.push(item);
      const beside: ID | null = item.origin ?? item.rightOrigin;
      item = beside ? this.#structAt(beside) : undefined;
    }
    const parent = item && (this.#parents.has(item) ? this.#parents.get(item) : this.#statedParentOf(item));
    for (const each of row) this.#parents.set(each, parent);
    return parent;
  }

  #statedParentOf(struct: Struct): Struct | undefined {
    // The id of an item, as it was read; the type itself, in the document; or the name of a root.
    const parent = struct instanceof Item ? (struct.parent as unknown) : null;
    if (parent === null || typeof parent !== 'object') return undefined;
    return 'clock' in parent
      ? this.#structAt(parent as ID)
      : ((parent as { _item: Item | null })._item ?? undefined);
  }

  #structAt({ client, clock }: ID): Struct | undefined {
    const incoming = this.#incoming.get(client);
    const first = incoming?.[0];
    if (incoming && first && clock >= first.id.clock) return incoming[indexIn(incoming, clock)];
    const stored = this.#document.store.clients.get(client);
    const last = stored?.at(-1);
    if (!stored || !last || clock >= last.id.clock + last.length) return undefined;
    const struct = stored[findIndexSS(stored, clock)];
    return struct instanceof GC ? undefined : struct;
  }
}

/** The last one that begins at or before this clock. */
function indexIn(structs: readonly Struct[], clock: number): number {
  let [low, high] = [0, structs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((structs[middle] as Struct).id.clock <= clock) low = middle;
    else high = middle - 1;
  }
  return low;
}
