/**
 * A Yjs document that only the server writes, and that can begin anew under everybody who follows it.
 *
 * What is replaced leaves a trace in a Yjs document for ever, 20 bytes for each event here, so now and then the content
 * moves to a new client id and the old one's goes. A provider keeps its own document across that, and across restarts
 * of the server: it follows by being told to delete all of the old client, which needs nothing of the old content. The
 * newer id must be the larger one: of two values of a key, Yjs shows that of the larger client.
 */
import type { Document } from '@hocuspocus/server';
import { createEncoder, toUint8Array, writeVarUint } from 'lib0/encoding';
import { Doc, getState } from 'yjs';

/** Ids count quarters of a second since then; they stay below those of seeds until 2060. */
const firstId = Date.UTC(2026, 0, 1);
const idMs = 250;

let lastId = 0;

function idOfNow(): number {
  return Math.floor((Date.now() - firstId) / idMs);
}

/** Whether a server may have taken this id by now: clocks of several differ by so much. */
export function isPlausible(clientId: number): boolean {
  return clientId <= idOfNow() + 60_000 / idMs;
}

/** Larger than every one before it, in this process and those before, and than `others`. */
function nextClientId(others = 0): number {
  lastId = Math.max(lastId + 1, others + 1, idOfNow());
  return lastId;
}

/** Makes a document that nobody has written into the server's own. */
export function takeOver(document: Document): void {
  document.clientID = nextClientId();
}

/**
 * Empties the document and gives it to a new client id. Nobody who is connected notices, until new content comes and
 * the old is deleted: `deletionOf` what is returned does that.
 *
 * @param others the new id becomes larger than this one
 */
export function beginAnew(document: Document, others = 0): [client: number, clock: number] {
  const { clientID, store } = document;
  document.store = new Doc().store;
  document.share = new Map();
  document.clientID = nextClientId(others);
  return [clientID, getState(store, clientID)];
}

/** Sends an update that changes nothing in the server's own document. */
export function tell(document: Document, update: Uint8Array): void {
  document.emit('update', [update, null, document, null as never]);
}

/** An update that deletes all that these clients have written, up to their clocks; Yjs takes none of nothing. */
export function deletionOf(clients: ReadonlyMap<number, number>): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, 0); // no structs
  writeVarUint(encoder, clients.size);
  for (const [client, clock] of clients) {
    writeVarUint(encoder, client);
    for (const number of [1, 0, clock]) writeVarUint(encoder, number);
  }
  return toUint8Array(encoder);
}
