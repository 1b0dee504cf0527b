/**
 * The short way of an edit: from its socket straight into its document.
 *
 * Hocuspocus reads the address of a message three times, writes it anew, and asks each extension in a chain of promises,
 * before the message and behind it. Nearly all that comes is somebody's typing, of which everybody can say at once what
 * they have to say; so it is taken here, in one go. What somebody has to wait for, and every other message, goes
 * Hocuspocus' way.
 *
 * It is for documents whose extensions have no hooks of their own for messages.
 */
import {
  type afterLoadDocumentPayload,
  type Connection,
  type ConnectionTransactionOrigin,
  type Extension,
  OutgoingMessage,
} from '@hocuspocus/server';
import { toUint8Array } from 'lib0/encoding';
import { messageYjsUpdate } from 'y-protocols/sync';
import { applyUpdate } from 'yjs';
import { begins, updateBehind } from '../server/frame-address.ts';
import type { ClientSocket, ConnectionContext } from '../server/session.ts';
import type { EditTracing } from '../server/tracing/edit-tracing.ts';
import { decodeUpdate, type Update } from '../server/update-facts.ts';
import type { Guard, SyncMessage } from './guard.ts';
import { overtakes } from './overtaking.ts';

export interface StraightEditsOptions {
  readonly guard: Pick<Guard, 'judge'>;
  readonly tracing: Pick<EditTracing, 'came' | 'allowed'> | null;
  /** Hears what was refused; says with what its connection is closed. */
  readonly onRefused: (
    message: SyncMessage & { readonly documentName: string },
    thrown: unknown,
  ) => { code: number; reason: string };
}

/** What Hocuspocus keeps to itself: what came on a connection and is not handled yet. */
interface Inside {
  readonly messageQueue: readonly Uint8Array[];
}

/** Of one connection. */
interface Way {
  readonly connection: Connection<ConnectionContext>;
  /** With which each of its edits begins: its address, and what kind of message it is. */
  readonly beginning: Uint8Array;
  readonly origin: ConnectionTransactionOrigin;
}

interface Edit {
  readonly payload: Uint8Array;
  readonly update: Update;
}

export class StraightEdits implements Extension<ConnectionContext> {
  readonly #options: StraightEditsOptions;

  /** By socket; one socket may be in several documents. */
  readonly #ways = new WeakMap<ClientSocket, Way[]>();

  constructor(options: StraightEditsOptions) {
    this.#options = options;
  }

  async afterLoadDocument({ document }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    // Whoever hears of every edit listens at the document itself; for the hooks of Hocuspocus there would be another
    // chain of promises for each, and a timer.
    document.onUpdate(() => undefined);
    // The first moment at which a connection is known: `connected` comes after its first messages.
    const add = document.addConnection.bind(document);
    document.addConnection = (connection) => {
      this.#open(connection);
      return add(connection);
    };
  }

  /** Takes a frame if it is an edit that can go straight into its document, or be refused, at once. */
  take(socket: ClientSocket, frame: Uint8Array): boolean {
    const way = this.#ways.get(socket)?.find(({ beginning }) => begins(frame, beginning));
    if (!way || !isClear(way.connection)) return false;
    const edit = editIn(frame, way.beginning);
    return edit !== null && this.#handle(way, edit);
  }

  #handle({ connection, origin }: Way, { payload, update }: Edit): boolean {
    const { document, context, messageAddress } = connection;
    const { guard, tracing, onRefused } = this.#options;
    const { acknowledgements } = context.socket;
    const documentName = document.name;
    const message = { connection, context, document, documentName, type: messageYjsUpdate, payload };
    tracing?.came(connection);
    try {
      if (!guard.judge(message, update)) return false;
      const comesAgain = overtakes(connection, update);
      acknowledgements.editComes(messageAddress, update, comesAgain);
      tracing?.allowed(message);
      if (!comesAgain) applyUpdate(document, payload, origin);
      acknowledgements.take(messageAddress);
    } catch (thrown) {
      connection.close(onRefused(message, thrown));
    }
    return true;
  }

  #open(connection: Connection<ConnectionContext>): void {
    const { socket } = connection.context;
    const { encoder } = new OutgoingMessage(connection.messageAddress).createSyncMessage();
    const way: Way = {
      connection,
      beginning: Uint8Array.of(...toUint8Array(encoder), messageYjsUpdate),
      origin: { source: 'connection', connection },
    };
    this.#ways.set(socket, [...(this.#ways.get(socket) ?? []), way]);
    connection.onClose(() => {
      const others = this.#ways.get(socket)?.filter((other) => other !== way) ?? [];
      this.#ways.set(socket, others);
    });
  }
}

/** Whether nothing that came before is still being handled, and what comes would be taken. */
function isClear(connection: Connection): boolean {
  const { document, readOnly } = connection;
  const { messageQueue } = connection as unknown as Inside;
  return (
    messageQueue.length === 0 && !readOnly && !document.isDestroyed && document.hasConnection(connection)
  );
}

/** Nobody types as much at once; and what is tried elsewhere first, as much of that is, would be read twice. */
const mostBytes = 65_536;

/** `null` for what cannot be read, or is much: that goes Hocuspocus' way. */
function editIn(frame: Uint8Array, beginning: Uint8Array): Edit | null {
  if (frame.byteLength > mostBytes) return null;
  try {
    const payload = updateBehind(beginning, frame);
    return { payload, update: decodeUpdate(payload) };
  } catch {
    return null;
  }
}
