/**
 * What stands first in the state of a long document, in parts of a few milliseconds' work each: to encode megabytes at
 * once would hold up everybody.
 *
 * A part says what somebody wrote, and not what of it is deleted: what changes while the next ones are made is said by
 * whatever comes behind the parts.
 */
import { setImmediate } from 'node:timers/promises';
import { type AbstractStruct, type Doc, encodeStateVector, findIndexSS } from 'yjs';
import { type Struct, updateOf } from '../../markdown/struct-update.ts';

/** About 6 ms to encode. */
const structsOfPart = 8_000;

/** To be merged before they are applied: one alone may build on what another one, or the rest, has. */
export interface Parts {
  readonly updates: readonly Uint8Array[];
  /** Up to where they go; the rest is an update from here. */
  readonly stateVector: Uint8Array;
}

/** No part for a document that is not long. */
export async function partsOf(document: Doc): Promise<Parts> {
  const updates: Uint8Array[] = [];
  const ends = new Map<number, number>();
  for (const [client, structs] of [...document.store.clients]) {
    // By clock, for what stands side by side may become one meanwhile.
    for (let clock = 0, from = 0; structs.length - from > structsOfPart; from = findIndexSS(structs, clock)) {
      const part = structs.slice(from, from + structsOfPart) as Struct[];
      updates.push(updateOf(part, clock));
      clock = endOf(part.at(-1) as Struct);
      ends.set(client, clock);
      await setImmediate();
    }
  }
  return { updates, stateVector: encodeStateVector(ends) };
}

function endOf({ id, length }: AbstractStruct): number {
  return id.clock + length;
}
