/**
 * May this update touch this document? Refused before it is applied: what cannot be read, what would make the document
 * too large or too deep, what would hold up everybody, what builds on something that the server lacks, what bears
 * another's name, and a stranger's seed.
 *
 * A document that nobody has edited is in no snapshot. When its record has changed by the next time that it is opened,
 * it grows from another seed, and an editor that still holds the old one would merge it in: the whole bylaw, twice.
 */
import {
  type afterUnloadDocumentPayload,
  type beforeSyncPayload,
  type Connection,
  type Document,
  type Extension,
  OutgoingMessage,
} from '@hocuspocus/server';
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate } from 'y-protocols/sync';
import { decodeStateVector, encodeStateAsUpdate, getState } from 'yjs';
import { isSeedClientId } from '../markdown/seed-client.ts';
import { TooManyPieces } from '../server/bounded-decoder.ts';
import type { ClientOwners } from '../server/client-owners.ts';
import { type ErrorCode, errors, RealtimeError } from '../server/errors.ts';
import type { Announcer } from '../server/events.ts';
import { foreignNameIn } from '../server/foreign-names.ts';
import type { Rehearsal } from '../server/rehearsal/rehearsal.ts';
import type { ConnectionContext } from '../server/session.ts';
import { excessOf, namesTooMany } from '../server/update-bounds.ts';
import {
  clientIdsIn,
  clientsGrownBy,
  isCircular,
  isOnlyDeleting,
  lacksHistory,
  readUpdate,
  type Update,
} from '../server/update-facts.ts';

/** What the guard has to know of a message. */
export type SyncMessage = Pick<
  beforeSyncPayload<ConnectionContext>,
  'connection' | 'context' | 'document' | 'type' | 'payload'
>;

export interface GuardOptions {
  /** Of the Yjs state. */
  readonly maxDocumentBytes: number;
  readonly owners: ClientOwners;
  /** The clients that a connection has announced. */
  readonly clientsOf: (connection: Connection) => Iterable<number>;
  /** Names of nodes and marks that no editor of this document knows. */
  readonly foreignNamesTo: (documentName: string) => ReadonlySet<string>;
  /** Tries elsewhere what may hold up everybody. */
  readonly rehearsal: Pick<Rehearsal, 'isHarmless' | 'rehearse' | 'hasMoreTypes'>;
  readonly events: Announcer;
}

/**
 * An element, or the text in it, takes some 900 bytes of memory, of however few bytes in the document: 10 MB of empty ones
 * would take a GB. In real laws there is one for each 62 bytes.
 */
const leastBytesOfType = 48;

/** How large a document is at most, in bytes: what it was when it was last measured, and what came since. */
interface Size {
  measured: number;
  since: number;
}

export class Guard implements Extension<ConnectionContext> {
  readonly #options: GuardOptions;

  readonly #sizes = new WeakMap<Document, Size>();

  /** Documents of which it was told that they are full. */
  readonly #full = new WeakSet<Document>();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#options.owners.forget(documentName);
  }

  async beforeSync(message: beforeSyncPayload<ConnectionContext>): Promise<void> {
    // Somebody came in at the moment when Hocuspocus let it go: nothing that is typed into it would be stored.
    if (message.document.isDestroyed) throw new RealtimeError('document-not-loaded');
    if (message.type === messageYjsSyncStep1) return refuseLongQuestion(message);
    const update = updateIn(message);
    if (this.judge(message, update)) return;
    await this.#rehearse(message, update);
    // Others may have come back meanwhile.
    this.#refuseForeign(message, update);
    this.#noteAuthor(message, update);
  }

  /**
   * Whether it may be applied; `false` for what is to be tried elsewhere first, which nobody types.
   *
   * @throws RealtimeError
   */
  judge(message: SyncMessage, update: Update): boolean {
    try {
      return this.#judge(message, update);
    } catch (thrown) {
      if (thrown instanceof RealtimeError) throw thrown;
      // Decoded it can be, but it makes no sense: its items stand in or beside what is none.
      throw refused(message, 'invalid-update', { fault: String(thrown) });
    }
  }

  #judge(message: SyncMessage, update: Update): boolean {
    // A reader's edit is not taken anyway.
    const { readOnly: isReader } = message.connection;
    if (!isReader) this.#refuseExcess(message, update);
    for (const clientId of clientIdsIn(update)) {
      if (isSeedClientId(clientId) && !isIn(message.document, clientId)) {
        throw refused(message, 'document-replaced');
      }
    }
    const foreign = foreignNameIn(update, this.#options.foreignNamesTo(message.document.name));
    if (foreign !== null) throw refused(message, 'wrong-dialect', { foreign });
    if (mustBeWhole(message) && lacksHistory(message.document, update)) {
      throw new RealtimeError('history-missing', { context: { documentName: message.document.name } });
    }
    if (isReader) return true;
    if (isCircular(update)) throw refused(message, 'invalid-update', { excess: 'it waits for itself' });
    this.#refuseForeign(message, update);
    // Last: what passes here is taken, and only who has brought what is theirs is back.
    if (!this.#options.rehearsal.isHarmless(message.document, update)) return false;
    this.#noteAuthor(message, update);
    return true;
  }

  #refuseExcess(message: SyncMessage, update: Update): void {
    const { document, payload } = message;
    const excess = excessOf(document, update);
    if (excess) throw refused(message, 'invalid-update', { excess });
    const size = this.#sizeOf(document);
    if (!isOnlyDeleting(update)) this.#refuseWhenFull(message, size);
    size.since += payload.byteLength;
  }

  /** Nobody waits meanwhile but its author. */
  async #rehearse(message: SyncMessage, update: Update): Promise<void> {
    const { document, payload } = message;
    const outcome = await this.#options.rehearsal.rehearse(document, payload);
    if (outcome === 'too long') {
      throw refused(message, 'too-intricate', {
        structs: update.structs.length,
        bytes: payload.byteLength,
      });
    }
    message.context.socket.conduct.tookLong(outcome);
    if (document.isDestroyed) throw new RealtimeError('document-not-loaded');
  }

  /**
   * What is new in an update is its author's. Only an exchange of states may bring more: what a server that was killed,
   * or lost its disk, had shown to others and not kept. Where the owner was here since, the server has all of it.
   */
  #refuseForeign(message: SyncMessage, update: Update): void {
    const { document, context, type } = message;
    const userId = context.session?.user.id ?? '';
    const owners = this.#options.owners.of(document.name);
    const isExchange = type === messageYjsSyncStep2;
    for (const clientId of clientsGrownBy(document, update)) {
      const owner = owners.ownerOf(clientId);
      const isServers = clientId === document.clientID || isSeedClientId(clientId);
      if (!isServers && (owner === undefined || owner === userId)) continue;
      const details = { documentName: document.name, clientId, owner: owner ?? null };
      if (!isExchange) throw new RealtimeError('foreign-edit', { context: details });
      if (isServers || owners.isBack(clientId)) throw refused(message, 'foreign-history', details);
    }
  }

  /** It is about to be applied. */
  #noteAuthor({ document, connection, context, type }: SyncMessage, update: Update): void {
    const owners = this.#options.owners.of(document.name);
    const [clientId, ...others] = clientsGrownBy(document, update);
    if (type === messageYjsSyncStep2) {
      for (const own of this.#options.clientsOf(connection)) owners.cameBack(own);
    } else if (clientId !== undefined && others.length === 0) {
      owners.claim(clientId, context.session?.user.id ?? '');
      // What was just typed may come ahead of what was typed offline, which others may be bringing meanwhile.
      if (context.socket.acknowledgements.isExchanged(connection.messageAddress)) owners.cameBack(clientId);
    }
  }

  #sizeOf(document: Document): Size {
    const known = this.#sizes.get(document);
    if (known) return known;
    const size = { measured: unitsIn(document), since: 0 };
    this.#sizes.set(document, size);
    return size;
  }

  #refuseWhenFull(message: SyncMessage, size: Size): void {
    const { document, payload } = message;
    const { maxDocumentBytes, rehearsal } = this.#options;
    if (rehearsal.hasMoreTypes(document, maxDocumentBytes / leastBytesOfType)) {
      this.#tellFull(document, size.measured + size.since);
      throw refused(message, 'document-too-large', {
        types: Math.floor(maxDocumentBytes / leastBytesOfType),
      });
    }
    const isOver = () => size.measured + size.since + payload.byteLength > maxDocumentBytes;
    if (isOver() && size.since > 0) {
      // What was replaced or deleted meanwhile does not count.
      size.measured = encodeStateAsUpdate(document).byteLength;
      size.since = 0;
    }
    if (!isOver()) return;
    this.#tellFull(document, size.measured);
    throw refused(message, 'document-too-large', { bytes: size.measured });
  }

  #tellFull(document: Document, bytes: number): void {
    if (this.#full.has(document)) return;
    this.#full.add(document);
    const { maxDocumentBytes: limit, events } = this.#options;
    events.emit('realtime:snapshot:oversize', { documentName: document.name, bytes, limit });
  }
}

/** How many characters and elements were ever in it: about its bytes, and found without encoding it. */
function unitsIn(document: Document): number {
  let units = 0;
  for (const client of document.store.clients.keys()) units += getState(document.store, client);
  return units;
}

/** While states are exchanged, what was just typed overtakes what was typed offline; overtaking.ts sees to it. */
function mustBeWhole({ connection, context, type }: SyncMessage): boolean {
  if (connection.readOnly) return false;
  return (
    type === messageYjsSyncStep2 || context.socket.acknowledgements.isExchanged(connection.messageAddress)
  );
}

/** What somebody has is looked at and kept, one number for each client. */
function refuseLongQuestion(message: beforeSyncPayload): void {
  try {
    if (!namesTooMany(message.payload)) return void decodeStateVector(message.payload);
  } catch {
    throw refused(message, 'invalid-update', { question: 'unreadable' });
  }
  throw refused(message, 'invalid-update', { question: 'too long' });
}

function updateIn(message: SyncMessage): Update {
  // Hocuspocus would close the connection without a word.
  if (message.type > messageYjsUpdate) throw refused(message, 'invalid-update', { step: message.type });
  try {
    return readUpdate(message.payload);
  } catch (thrown) {
    if (!(thrown instanceof TooManyPieces)) throw refused(message, 'invalid-update');
    throw refused(message, 'too-intricate', { bytes: message.payload.byteLength });
  }
}

function isIn(document: Document, clientId: number): boolean {
  return document.store.clients.has(clientId);
}

/** Says why before the connection is closed; coming back at once would not help, so the socket stays. */
function refused(
  { connection, document }: SyncMessage,
  code: ErrorCode,
  context: Record<string, unknown> = {},
): RealtimeError {
  const message = new OutgoingMessage(connection.messageAddress).writePermissionDenied(errors[code].reason);
  connection.send(message.toUint8Array());
  return new RealtimeError(code, { context: { documentName: document.name, ...context } });
}
