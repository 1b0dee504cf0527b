/**
 * The first state of a document: what Y.Doc a document of JSON begins as.
 *
 * The same document and seed give the same bytes, so that two nodes that seed at once, or one that seeds late,
 * merge into one copy. The client id comes from a hash of both, out of a range that no editor's comes from.
 */

import { digest } from 'lib0/hash/sha256';
import * as Y from 'yjs';
import type { DialectName } from './dialects.ts';
import { type NodeJson, stableString } from './json.ts';
import { firstSeedClientId } from './seed-client.ts';
import { completed } from './spelling.ts';
import { type Struct, updateOf } from './struct-update.ts';
import { fragmentName, toShared } from './ydoc.ts';

/** The update that makes an empty Y.Doc hold the document. */
export function seedUpdate(json: NodeJson, seed: string, dialect: DialectName = 'tiptap'): Uint8Array {
  const doc = seedDocument(json, seed, dialect);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

/** About 10 ms to apply. */
const structsOfPart = 4_000;

/**
 * The same in parts, to be applied in this order: whoever applies a megabyte at once does nothing else meanwhile.
 *
 * Each begins with an element or a text, and never within one: Yjs tidies up the formatting of a text as it comes, and
 * is to see all of it.
 *
 * @returns the whole as well, which is its only part where it is short
 */
export function seedInParts(
  json: NodeJson,
  seed: string,
  dialect: DialectName = 'tiptap',
): { update: Uint8Array; parts: Uint8Array[] } {
  const doc = seedDocument(json, seed, dialect);
  const update = Y.encodeStateAsUpdate(doc);
  const structs = doc.store.clients.get(doc.clientID) ?? [];
  doc.destroy();
  if (structs.length <= structsOfPart) return { update, parts: [update] };
  const parts: Uint8Array[] = [];
  for (let from = 0; from < structs.length; ) {
    let to = Math.min(from + structsOfPart, structs.length);
    while (to < structs.length && !beginsType(structs[to])) to += 1;
    parts.push(updateOf(structs.slice(from, to)));
    from = to;
  }
  return { update, parts };
}

function seedDocument(json: NodeJson, seed: string, dialect: DialectName): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientIdOf(`${seed}\n${stableString(json)}`);
  doc.getXmlFragment(fragmentName).insert(0, toShared(completed(json, dialect).content ?? []));
  return doc;
}

function clientIdOf(value: string): number {
  return firstSeedClientId + new DataView(digest(new TextEncoder().encode(value)).buffer).getUint32(0);
}

function beginsType(struct: Struct | undefined): boolean {
  return struct instanceof Y.Item && struct.content instanceof Y.ContentType;
}
