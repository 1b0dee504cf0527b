/**
 * What waits inside Hocuspocus for the documents of one socket.
 *
 * It keeps what comes for a document until the document is loaded, and also what comes for one that nobody has asked
 * to be let into; and behind a message that somebody has to look at first, all that comes after it. None of that is to
 * grow: a provider that comes back with an offline hour sends thousands of edits right behind its token, and a flood of
 * edits that are each tried elsewhere would go on for minutes after its sender has left.
 */
import type { Hocuspocus } from '@hocuspocus/server';
import type { ConnectionContext } from './session.ts';

type ClientConnection = ReturnType<Hocuspocus<ConnectionContext>['handleConnection']>;

/** What Hocuspocus keeps to itself, by address. */
interface Inside {
  /** Those that have sent a token, until they leave or are refused. */
  readonly documentConnectionsEstablished: ReadonlySet<string>;
  /** What came before the document was open. */
  readonly incomingMessageQueue: Readonly<Record<string, readonly Uint8Array[]>>;
  /** Of the documents that are open, with what each has not handled yet. */
  readonly documentConnections: Readonly<Record<string, { readonly messageQueue: readonly Uint8Array[] }>>;
}

/** With so much in the queue, the rest waits in front of it: all of the queue is handled at once. */
const manyMessages = 3;

/** Of an open document it is handled one by one. */
const manyUnhandled = 48;
const manyUnhandledBytes = 262_144;

export interface OpeningOptions {
  readonly maxDocuments: number;
  /** For all documents that nobody has sent a token for. */
  readonly maxEarlyBytes: number;
}

export class Opening {
  readonly #inside: Inside;
  readonly #options: OpeningOptions;
  #mayHold = false;

  constructor(connection: ClientConnection, options: OpeningOptions) {
    this.#inside = connection as unknown as Inside;
    this.#options = options;
  }

  /** A message is handed on to Hocuspocus. Nearly all edits go past it, and then nothing is looked for there. */
  handsOn(): void {
    this.#mayHold = true;
  }

  /** Whether no more should be handed on until a document is open, or has handled what it was given. */
  get isFull(): boolean {
    return this.#mayHold && this.#holdsMuch();
  }

  #holdsMuch(): boolean {
    const {
      documentConnectionsEstablished: established,
      incomingMessageQueue: queues,
      documentConnections: open,
    } = this.#inside;
    let holdsAny = false;
    for (const address in queues) {
      if ((queues[address]?.length ?? 0) >= manyMessages && established.has(address)) return true;
      holdsAny = true;
    }
    for (const address in open) {
      const unhandled = open[address]?.messageQueue ?? [];
      if (isMuch(unhandled)) return true;
      holdsAny ||= unhandled.length > 0;
    }
    this.#mayHold = holdsAny;
    return false;
  }

  /** Whether a token may be sent for this address; each document counts that has one, also while it is checked. */
  hasRoomFor(address: string): boolean {
    const { documentConnectionsEstablished: established } = this.#inside;
    return established.has(address) || established.size < this.#options.maxDocuments;
  }

  /**
   * Whether a message for this address is worth keeping. What comes before the token is sent again when the states are
   * exchanged, so nothing is lost with it.
   */
  isWorthKeeping(address: string, { byteLength }: Uint8Array): boolean {
    const { documentConnectionsEstablished: established, incomingMessageQueue: queues } = this.#inside;
    if (established.has(address)) return true;
    const early = Object.entries(queues).filter(([other]) => !established.has(other));
    if (early.length >= this.#options.maxDocuments && !early.some(([other]) => other === address))
      return false;
    const bytes = early.flatMap(([, queue]) => queue).reduce((sum, message) => sum + message.byteLength, 0);
    return bytes + byteLength <= this.#options.maxEarlyBytes;
  }
}

function isMuch(unhandled: readonly Uint8Array[]): boolean {
  if (unhandled.length >= manyUnhandled) return true;
  return unhandled.reduce((bytes, { byteLength }) => bytes + byteLength, 0) > manyUnhandledBytes;
}
