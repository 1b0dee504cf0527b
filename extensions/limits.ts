/**
 * Is there room for one more, and may they go this fast?
 *
 * Sockets by address are the gateway's part; here are the documents of one user, and the pace of edits.
 * Pace is kept by letting a connection wait, never by closing it: nothing that was typed is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  afterUnloadDocumentPayload,
  beforeSyncPayload,
  beforeUnloadDocumentPayload,
  Connection,
  connectedPayload,
  Extension,
  onAuthenticatePayload,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { messageYjsUpdate } from 'y-protocols/sync';
import { RealtimeError } from '../server/errors.ts';
import type { ConnectionContext, Session } from '../server/session.ts';
import { Veto } from './guarded.ts';

export interface LimitsOptions {
  readonly connectionsPerUser: number;
  /** Edits a second that one connection may sustain. */
  readonly editsPerSecond: number;
}

/** A paste, or the edits of an offline hour, arrive at once: this many seconds' worth pass unhindered. */
const burstSeconds = 20;

/** A join that has come to nothing after this long no longer counts. */
const joiningMs = 60_000;

interface UserSessions {
  /** Let in, and not in a room yet; with the time, in monotonic ms. */
  readonly joining: Map<Session, number>;
  readonly inRoom: Set<Session>;
}

export class Limits implements Extension<ConnectionContext> {
  readonly #options: LimitsOptions;

  /** Sessions by user id, from being let in until they leave. */
  readonly #sessions = new Map<string, UserSessions>();

  /** Edits that each connection may send without waiting; goes when the connection does. */
  readonly #allowances = new WeakMap<Connection, { edits: number; at: number }>();

  /** How many edits wait for their turn, by document. */
  readonly #waiting = new Map<string, number>();

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  async onAuthenticate({ context: { session } }: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    if (!session) return;
    const sessions = this.#sessions.get(session.user.id) ?? { joining: new Map(), inRoom: new Set() };
    const { joining, inRoom } = sessions;
    const now = performance.now();
    for (const [other, since] of joining) if (now - since > joiningMs) joining.delete(other);
    if (joining.size + inRoom.size >= this.#options.connectionsPerUser) {
      throw new RealtimeError('too-many-connections');
    }
    joining.set(session, now);
    this.#sessions.set(session.user.id, sessions);
  }

  async connected({ context: { session } }: connectedPayload<ConnectionContext>): Promise<void> {
    if (!session) return;
    const sessions = this.#sessions.get(session.user.id);
    sessions?.joining.delete(session);
    sessions?.inRoom.add(session);
  }

  async beforeSync({ connection, documentName, type }: beforeSyncPayload<ConnectionContext>): Promise<void> {
    // What a reader sends is not taken anyway.
    if (type !== messageYjsUpdate || connection.readOnly) return;
    const waitMs = this.#takeOne(connection);
    if (waitMs <= 0) return;
    this.#waiting.set(documentName, (this.#waiting.get(documentName) ?? 0) + 1);
    await delay(waitMs, undefined, { ref: false });
    this.#waiting.set(documentName, (this.#waiting.get(documentName) ?? 1) - 1);
  }

  async onDisconnect({ context: { session } }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    if (!session) return;
    const sessions = this.#sessions.get(session.user.id);
    if (!sessions) return;
    sessions.joining.delete(session);
    sessions.inRoom.delete(session);
    if (sessions.joining.size + sessions.inRoom.size === 0) this.#sessions.delete(session.user.id);
  }

  /** Says no while edits of somebody who has left already wait for their turn. */
  async beforeUnloadDocument({ documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if ((this.#waiting.get(documentName) ?? 0) > 0) throw new Veto();
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#waiting.delete(documentName);
  }

  /** A token bucket; how long, in ms, this edit has to wait for its token. */
  #takeOne(connection: Connection): number {
    const { editsPerSecond } = this.#options;
    const full = editsPerSecond * burstSeconds;
    const now = performance.now();
    const allowance = this.#allowances.get(connection) ?? { edits: full, at: now };
    const refilled = allowance.edits + ((now - allowance.at) / 1_000) * editsPerSecond;
    const edits = Math.min(full, refilled) - 1;
    this.#allowances.set(connection, { edits, at: now });
    return edits < 0 ? (-edits / editsPerSecond) * 1_000 : 0;
  }
}
