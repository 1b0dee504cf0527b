/**
 * Tells CivicPress who comes and goes: rooms that open and close, people who enter and leave.
 *
 * What happens to a document's storage is told by the parts that store it.
 */
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  connectedPayload,
  Extension,
  onDisconnectPayload,
} from '@hocuspocus/server';
import type { Announcer } from '../server/events.ts';
import type { ConnectionContext, Session } from '../server/session.ts';

export class Hooks implements Extension<ConnectionContext> {
  readonly #events: Announcer;

  /** Documents whose opening was told. */
  readonly #open = new Set<string>();

  /** Who was told to be in a room, by their session. */
  readonly #present = new Set<Session>();

  constructor(events: Announcer) {
    this.#events = events;
  }

  async afterLoadDocument({ documentName }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    this.#open.add(documentName);
    this.#events.emit('realtime:room:created', { documentName });
  }

  async connected({ documentName, context, socketId }: connectedPayload<ConnectionContext>): Promise<void> {
    if (!context.session) return;
    this.#present.add(context.session);
    this.#events.emit(
      'realtime:client:connected',
      factsOf(documentName, socketId, context.session),
      context.socket.id,
    );
  }

  async onDisconnect({
    documentName,
    context,
    socketId,
  }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    if (!context.session || !this.#present.delete(context.session)) return;
    this.#events.emit(
      'realtime:client:disconnected',
      factsOf(documentName, socketId, context.session),
      context.socket.id,
    );
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    if (!this.#open.delete(documentName)) return;
    this.#events.emit('realtime:room:destroyed', { documentName, reason: 'left' });
  }

  async onDestroy(): Promise<void> {
    for (const documentName of this.#open) {
      this.#events.emit('realtime:room:destroyed', { documentName, reason: 'shutdown' });
    }
    this.#open.clear();
  }
}

function factsOf(documentName: string, clientId: string, { user, access }: Session) {
  return { documentName, clientId, userId: user.id, userName: user.name, role: user.role, access };
}
