/**
 * Who comes in with nothing is given the whole document: encoded once for everybody who comes before it changes.
 *
 * Hocuspocus would encode it anew for each of them, and a room in which hundreds come back at once, after a restart or a
 * break of the network, would stand still for seconds. Their question is answered here; every other one is Hocuspocus'.
 * Nor are all of them answered in one turn of the event loop: to hand a megabyte to each takes its time as well.
 */
import {
  type afterLoadDocumentPayload,
  type Connection,
  type Document,
  type Extension,
  OutgoingMessage,
} from '@hocuspocus/server';
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { messageYjsSyncStep1, messageYjsSyncStep2 } from 'y-protocols/sync';
import { encodeStateAsUpdate } from 'yjs';
import type { ConnectionContext } from '../server/session.ts';
import { emptyPayload } from '../server/websocket-frame.ts';

/** What Hocuspocus keeps to itself: what came on a connection and is not handled yet. */
interface Inside {
  readonly messageQueue: readonly Uint8Array[];
}

/** What everybody is given who asks for all of a document, until it changes. */
interface Answer {
  readonly update: Uint8Array;
  /** The frame for its plain address, which as a rule everybody uses. */
  readonly frame: Uint8Array;
  readonly expiry: NodeJS.Timeout;
}

/** So long after the last newcomer an answer is kept, in ms. */
const keptMs = 5_000;

/** Who has come when so much was handed out in one turn waits for the next one: a few milliseconds' work. */
const maxBytesOfTurn = 4_194_304;

/** Type of the frames of y-protocols' sync. */
const sync = 0;

/** The state vector of a document that has nothing. */
const nothing = Uint8Array.of(0);

export class Joining implements Extension<ConnectionContext> {
  readonly #answers = new WeakMap<Document, Answer>();
  /** Who waits for an answer, in the order in which they asked. */
  readonly #waiting: Connection[] = [];
  #bytesOfTurn = 0;
  #nextTurn: NodeJS.Immediate | undefined;

  async afterLoadDocument({ document }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    document.on('update', () => this.#forget(document));
    const plain = questionTo(document.name);
    // The first moment at which a connection is known: `connected` comes after its first question.
    const add = document.addConnection.bind(document);
    document.addConnection = (connection) => {
      const { messageAddress } = connection;
      this.#listenTo(connection, messageAddress === document.name ? plain : questionTo(messageAddress));
      return add(connection);
    };
  }

  #listenTo(connection: Connection, question: Buffer): void {
    const handle = connection.handleMessage.bind(connection);
    connection.handleMessage = (frame) => {
      const isQuestion = frame.byteLength === question.byteLength && question.equals(frame);
      if (!isQuestion || !this.#answer(connection)) handle(frame);
    };
  }

  /** Does nothing, and says so, where Hocuspocus should see to it. */
  #answer(connection: Connection): boolean {
    const { document, messageAddress } = connection;
    const { messageQueue } = connection as unknown as Inside;
    // What came before is handled before, and a document that is going is Hocuspocus' to refuse.
    if (messageQueue.length > 0 || document.isDestroyed || !document.hasConnection(connection)) return false;
    const { socket } = connection.context as ConnectionContext;
    socket.acknowledgements.exchangeBegins(messageAddress, nothing);
    if (this.#bytesOfTurn < maxBytesOfTurn) this.#send(connection);
    else this.#waiting.push(connection);
    return true;
  }

  #send(connection: Connection): void {
    const { document, messageAddress } = connection;
    const question = new OutgoingMessage(messageAddress).createSyncMessage().writeFirstSyncStepFor(document);
    connection.send(question.toUint8Array());
    const { frame, update } = this.#answerOf(document);
    connection.send(
      messageAddress === document.name ? frame : frameOf(messageAddress, messageYjsSyncStep2, update),
    );
    this.#bytesOfTurn += frame.byteLength;
    this.#nextTurn ??= setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    this.#nextTurn = undefined;
    this.#bytesOfTurn = 0;
    while (this.#bytesOfTurn < maxBytesOfTurn) {
      const connection = this.#waiting.shift();
      if (!connection) return;
      if (connection.document.hasConnection(connection)) this.#send(connection);
    }
  }

  #answerOf(document: Document): Answer {
    const known = this.#answers.get(document);
    known?.expiry.refresh();
    if (known) return known;
    const state = encodeStateAsUpdate(document);
    const frame = frameOf(document.name, messageYjsSyncStep2, state);
    // A part of the frame, so that the document is not kept twice.
    const update = frame.subarray(frame.byteLength - state.byteLength);
    const expiry = setTimeout(() => this.#forget(document), keptMs);
    expiry.unref();
    const answer = { frame, update, expiry };
    this.#answers.set(document, answer);
    return answer;
  }

  #forget(document: Document): void {
    clearTimeout(this.#answers.get(document)?.expiry);
    this.#answers.delete(document);
  }
}

/** As who has nothing asks for the document. */
function questionTo(address: string): Buffer {
  return Buffer.from(frameOf(address, messageYjsSyncStep1, nothing));
}

function frameOf(address: string, step: number, content: Uint8Array): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, address);
  writeVarUint(encoder, sync);
  writeVarUint(encoder, step);
  writeVarUint(encoder, content.byteLength);
  const beginning = toUint8Array(encoder);
  const frame = emptyPayload(beginning.byteLength + content.byteLength);
  frame.set(beginning);
  frame.set(content, beginning.byteLength);
  return frame;
}
