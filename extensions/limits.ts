/**
 * Is there room for one more, and may they go this fast?
 *
 * Sockets by address are the gateway's part; here are the documents of one user, and the pace of edits.
 * Pace is kept by letting a connection wait, never by closing it: nothing that was typed is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  beforeSyncPayload,
  Connection,
  connectedPayload,
  Extension,
  onAuthenticatePayload,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { messageYjsUpdate } from 'y-protocols/sync';
import { RealtimeError } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';

export interface LimitsOptions {
  readonly connectionsPerUser: number;
  /** Edits a second that one connection may sustain. */
  readonly editsPerSecond: number;
}

/** A paste, or the edits of an offline hour, arrive at once: this many seconds' worth pass unhindered. */
const burstSeconds = 20;

export class Limits implements Extension<ConnectionContext> {
  readonly #options: LimitsOptions;

  /** Documents open by user id. */
  readonly #connectionsByUser = new Map<string, number>();

  /** Edits that each connection may send without waiting; goes when the connection does. */
  readonly #allowances = new WeakMap<Connection, { edits: number; at: number }>();

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  async onAuthenticate({ context }: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    const userId = context.session?.user.id;
    if (userId === undefined) return;
    if ((this.#connectionsByUser.get(userId) ?? 0) < this.#options.connectionsPerUser) return;
    throw new RealtimeError('too-many-connections', { context: { userId } });
  }

  async connected({ context }: connectedPayload<ConnectionContext>): Promise<void> {
    this.#count(context, 1);
  }

  async beforeSync({ connection, type }: beforeSyncPayload<ConnectionContext>): Promise<void> {
    if (type !== messageYjsUpdate) return;
    const waitMs = this.#takeOne(connection);
    if (waitMs > 0) await delay(waitMs);
  }

  async onDisconnect({ context }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    this.#count(context, -1);
  }

  #count(context: ConnectionContext, change: 1 | -1): void {
    const userId = context.session?.user.id;
    if (userId === undefined) return;
    const count = (this.#connectionsByUser.get(userId) ?? 0) + change;
    if (count > 0) this.#connectionsByUser.set(userId, count);
    else this.#connectionsByUser.delete(userId);
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
