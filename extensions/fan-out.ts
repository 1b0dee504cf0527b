/**
 * Who hears of an edit, and how soon? Everybody in the room but its author, who has it already; at once.
 *
 * To send costs more than all the rest, and the more the larger the room. What is gathered and goes out together costs
 * that once, but comes later: so that is done only where it is worth something. A room may use a tenth of the time for
 * sending. Where five type to a hundred people it takes half of that, and nobody waits; where it would take more, or the
 * machine is busy with other things, an edit waits until the room has rested enough, too short to be noticed, and what
 * comes meanwhile goes with it. A room that was quiet has rested, so that a few edits in a row go at once everywhere.
 */
import type { afterLoadDocumentPayload, Connection, Document, Extension } from '@hocuspocus/server';
import { isTransactionOrigin, OutgoingMessage } from '@hocuspocus/server';

/** For each ms of sending a room is to rest so many; it may owe some of them before an edit waits. */
const restPerWork = 9;
const mayOweMs = 50;

/** Nobody notices that an edit comes so much later. */
const longestWaitMs = 50;

/** What has gathered so many bytes goes out without waiting for the window's end. */
const maxGatheredBytes = 1_048_576;

/** What goes out next. */
interface Gathered {
  /** `null` stands for the server, and for whoever it was, where that cannot be told. */
  readonly authors: Set<Connection | null>;
  bytes: number;
}

/** What Hocuspocus keeps to itself: how it sends an update, of one or more edits, to all. */
interface Inside {
  broadcastUpdate(update: Uint8Array): void;
  broadcast(encode: (address: string) => Uint8Array, filter: (connection: Connection) => boolean): void;
}

export class FanOut implements Extension {
  async afterLoadDocument({ document }: afterLoadDocumentPayload): Promise<void> {
    const gathered: Gathered = { authors: new Set(), bytes: 0 };
    /** When the room will have rested for all that was sent in it, in monotonic ms. */
    let restedAt = Number.NEGATIVE_INFINITY;
    // Hocuspocus' own bound would send an edit before the listener below has heard whose it is.
    document.flushMaxBytes = Number.POSITIVE_INFINITY;
    document.on('beforeTransaction', () => {
      const { pendingStructs, pendingDs } = document.store;
      // An edit that another one waited for brings that along, and its author has only the one.
      if (pendingStructs || pendingDs) gathered.authors.add(null);
      gatherUntil(document, restedAt - mayOweMs);
    });
    document.on('update', (update: Uint8Array, origin: unknown) => {
      gathered.authors.add(authorIn(origin));
      gathered.bytes += update.byteLength;
      if (gathered.bytes >= maxGatheredBytes) document.flush();
    });
    const inside = document as unknown as Inside;
    inside.broadcastUpdate = (update) => {
      const author = onlyOneOf(gathered.authors);
      gathered.authors.clear();
      gathered.bytes = 0;
      const startedAt = performance.now();
      inside.broadcast(
        (address) => new OutgoingMessage(address).createSyncMessage().writeUpdate(update).toUint8Array(),
        (connection) => connection !== author,
      );
      const now = performance.now();
      const restMs = (now - startedAt) * restPerWork;
      // Nobody has to make up for long for what only took so long, such as a collection of garbage in between.
      restedAt = Math.min(Math.max(restedAt, now) + restMs, now + mayOweMs + longestWaitMs);
    };
  }
}

/** Until this time, or the end of this turn. A document that is going gathers nothing any more. */
function gatherUntil(document: Document, at: number): void {
  if (document.flushDelay === false) return;
  const leftMs = Math.min(at - performance.now(), longestWaitMs);
  // A timer takes a millisecond at least.
  document.flushDelay = leftMs <= 1 ? 0 : leftMs;
}

function onlyOneOf(authors: ReadonlySet<Connection | null>): Connection | null {
  const [author = null] = authors;
  return authors.size === 1 ? author : null;
}

function authorIn(origin: unknown): Connection | null {
  return isTransactionOrigin(origin) && origin.source === 'connection' ? origin.connection : null;
}
