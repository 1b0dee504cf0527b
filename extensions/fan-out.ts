/**
 * Who hears of an edit, and how soon? Everybody in the room but its author, who has it already; at once.
 *
 * In a large room to send costs more than all the rest: there, edits that come within a window, too short to be noticed,
 * go out as one. What arrives in one turn of the event loop goes out as one everywhere.
 */
import type {
  afterLoadDocumentPayload,
  Connection,
  connectedPayload,
  Document,
  Extension,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { isTransactionOrigin, OutgoingMessage } from '@hocuspocus/server';

/** Up to so many in the room, nobody waits. */
const smallRoom = 150;

/** In ms; and so many in the room for each of them. */
const longestWindowMs = 50;
const connectionsPerMs = 20;

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
    // Hocuspocus' own bound would send an edit before the listener below has heard whose it is.
    document.flushMaxBytes = Number.POSITIVE_INFINITY;
    document.on('beforeTransaction', () => {
      const { pendingStructs, pendingDs } = document.store;
      // An edit that another one waited for brings that along, and its author has only the one.
      if (pendingStructs || pendingDs) gathered.authors.add(null);
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
      inside.broadcast(
        (address) => new OutgoingMessage(address).createSyncMessage().writeUpdate(update).toUint8Array(),
        (connection) => connection !== author,
      );
    };
  }

  async connected({ connection }: connectedPayload): Promise<void> {
    openWindow(connection.document);
  }

  async onDisconnect({ document }: onDisconnectPayload): Promise<void> {
    openWindow(document);
  }
}

/** As wide as the room is large. A document that is going has none any more. */
function openWindow(document: Document): void {
  if (document.flushDelay === false) return;
  const size = document.getConnectionsCount();
  document.flushDelay = size <= smallRoom ? 0 : Math.min(longestWindowMs, size / connectionsPerMs);
}

function onlyOneOf(authors: ReadonlySet<Connection | null>): Connection | null {
  const [author = null] = authors;
  return authors.size === 1 ? author : null;
}

function authorIn(origin: unknown): Connection | null {
  return isTransactionOrigin(origin) && origin.source === 'connection' ? origin.connection : null;
}
