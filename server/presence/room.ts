/**
 * Who is in one document, and what everybody hears of it.
 *
 * What many say at once goes out as one frame for all, at most so many times a second: of each client the newest
 * state. Who leaves is gone at once. Hocuspocus' `document.awareness` stays the truth, for newcomers and for whoever
 * asks; but nothing is applied to it through y-protocols, which Hocuspocus would answer with a frame of its own.
 *
 * Clocks: others take a state only with a higher clock than the one before, and the client itself would take its own
 * state back, with a clock that is higher than its own. A state goes out with its client's clock where it can. The
 * server has something of its own to say when somebody comes, idles or has been quiet: then it goes one ahead. The
 * client follows, unless it has just said something else, and that is again one ahead at most. Where it would be more,
 * the client is sent a farewell of its own in place of its state: it stays, and goes on behind that clock.
 */
import type { Connection, Document } from '@hocuspocus/server';
import type { Awareness } from 'y-protocols/awareness';
import {
  type Announcement,
  awarenessFrame,
  gone,
  isGone,
  readAnnouncements,
  writeAnnouncements,
} from './frames.ts';
import { Slices } from './slices.ts';
import { type ShownUser, type State, stateIn } from './state.ts';

/** One client of one connection. */
interface Client {
  readonly id: number;
  speaker: Speaker;
  /** The newest clock that the client has said. */
  clock: number;
  /** With which it said the state that others have. */
  saidClock: number;
  /** With which the others have that. */
  sentClock: number;
  /** What it has said since, in bytes; `undefined` for nothing. */
  unheard: Uint8Array | undefined;
  /** What it said before that, as text. */
  said: string;
  /** What others see, but for `idle`; as JSON; and as they are sent it. */
  state: State;
  shown: string;
  json: Uint8Array;
  isIdle: boolean;
  /** In monotonic ms. */
  inputAt: number;
  sentAt: number;
}

/** One connection, and the clients that it speaks for. */
export interface Speaker {
  readonly connection: Connection;
  readonly user: ShownUser;
  readonly clients: Map<number, Client>;
  /** Of every client that it ever spoke for. */
  readonly announced: Set<number>;
  /** Whether one of them was here before it. */
  isBack: boolean;
}

export interface RoomOptions {
  /** Between two frames, at least; what comes meanwhile goes out together. */
  readonly windowMs: number;
  readonly idleMs: number;
  /** What was sent changed: gives the update that says so, for other nodes. */
  readonly onLocalChange: (update: () => Uint8Array) => void;
  /** A state was no state. */
  readonly onRefused: (speaker: Speaker) => void;
}

/**
 * Others forget whom they have not heard of for 30 s. A client says every 15 s that it is still there, unless its window
 * is in the background; what it says is passed on together with that of others, and made up for where it is missing.
 */
const passOnAfterMs = 10_000;
const renewAfterMs = 22_000;

/**
 * Everybody hears of everybody: what that costs grows with the square of the room, and most of it is writing to sockets.
 * So in a room of more than 100 the windows grow, a millisecond for each one more: nobody follows so many.
 */
const manyPeople = 100;
const windowMsOfOne = 1;

/** Who has more than this to read is not sent each move, but where everybody is when it was read. */
const maxBehindBytes = 262_144;

/** Clocks of those who left are kept for when they come back, but not without end. */
const maxForgotten = 1_000;

export class PresenceRoom {
  readonly document: Document;
  readonly #options: RoomOptions;
  readonly #awareness: Awareness;

  /** Those of this node. */
  readonly #clients = new Map<number, Client>();
  readonly #speakers = new WeakMap<Connection, Speaker>();

  /** Whose state is to be sent. */
  readonly #due = new Set<number>();
  #window: NodeJS.Timeout | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** Those who are still to be told what is going out. */
  readonly #telling = new Slices();

  /** What those have missed who read too slowly. */
  readonly #missed = new Map<Connection, Set<number>>();

  constructor(document: Document, options: RoomOptions) {
    this.document = document;
    this.#awareness = document.awareness;
    this.#options = options;
  }

  clientOf(clientId: number): Readonly<Client> | undefined {
    return this.#clients.get(clientId);
  }

  /** What this client says of itself, as the first thing or a new one. */
  hear(speaker: Speaker, { clientId, clock, json }: Announcement): void {
    const client = speaker.clients.get(clientId);
    if (isGone(json)) {
      if (client && clock >= client.clock) this.#remove(client, clock);
      return;
    }
    const now = performance.now();
    if (!client) this.#clients.set(clientId, this.#newClient(speaker, clientId, clock, json, now));
    else if (clock <= client.clock) return;
    else Object.assign(client, { clock, unheard: json });
    this.#send(clientId, now);
  }

  /** Somebody has typed. */
  typed(speaker: Speaker): void {
    const now = performance.now();
    for (const client of speaker.clients.values()) {
      client.inputAt = now;
      if (client.isIdle) this.#send(client.id, now);
    }
  }

  /** Says who is there, but for those that it speaks for itself. */
  welcome({ connection, clients }: Speaker): void {
    const others = [...this.#awareness.states.keys()].filter((clientId) => !clients.has(clientId));
    if (others.length > 0) connection.send(this.#frameFor(connection, others));
  }

  /**
   * Has everybody say again what they said. A window whose line was lost has let all others go, and takes nobody back
   * without a higher clock than the one that it had heard.
   */
  renew(): void {
    for (const client of this.#clients.values()) {
      if (client.json === gone) continue;
      client.sentClock += 1;
      this.#awareness.meta.set(client.id, { clock: client.sentClock, lastUpdated: Date.now() });
    }
  }

  /** Its connection is closed. */
  left({ connection, clients }: Speaker): void {
    this.#missed.delete(connection);
    for (const client of [...clients.values()]) this.#remove(client, client.clock);
  }

  /** Is called every few seconds: who idles, whose state would be forgotten, and who can be told what it missed. */
  sweep(now: number): void {
    for (const client of this.#clients.values()) {
      if (this.#idles(client, now) !== client.isIdle || isToBeRenewed(client, now)) this.#due.add(client.id);
    }
    if (this.#due.size > 0 && !this.#telling.isRunning) this.#flush();
    for (const connection of this.#missed.keys()) if (!isBehind(connection)) this.#catchUp(connection, []);
    const forgotten = this.#awareness.meta.size - this.#awareness.states.size - maxForgotten;
    if (forgotten > 0) this.#dropClocks(forgotten);
  }

  /** What another node says of those who are there. */
  applyRemote(update: Uint8Array): void {
    const { states, meta } = this.#awareness;
    for (const { clientId, clock, json } of readAnnouncements(update)) {
      const known = meta.get(clientId)?.clock ?? -1;
      const isNews = clock > known || (clock === known && isGone(json) && states.has(clientId));
      if (this.#clients.has(clientId) || !isNews) continue;
      meta.set(clientId, { clock, lastUpdated: Date.now() });
      if (isGone(json)) states.delete(clientId);
      else states.set(clientId, JSON.parse(textOf(json)) as State);
      this.#send(clientId, performance.now());
    }
  }

  /** Everybody of this node, for another one: somebody there may have seen them before and let them go. */
  localStates(): Uint8Array {
    this.renew();
    return writeAnnouncements([...this.#clients.keys()].map((clientId) => this.#entryOf(clientId)));
  }

  close(): void {
    clearTimeout(this.#window);
    this.#telling.stop();
  }

  #newClient(speaker: Speaker, id: number, clock: number, unheard: Uint8Array, now: number): Client {
    const knownClock = this.#awareness.meta.get(id)?.clock;
    speaker.isBack ||= knownClock !== undefined;
    // Behind what others may still know of it, from before it went.
    const sentClock = Math.max(clock, knownClock ?? 0);
    const client: Client = {
      id,
      speaker,
      clock,
      saidClock: Number.NEGATIVE_INFINITY,
      sentClock,
      unheard,
      said: '',
      state: {},
      shown: '',
      json: gone,
      isIdle: false,
      inputAt: now,
      sentAt: Number.NEGATIVE_INFINITY,
    };
    const before = this.#clients.get(id);
    before?.speaker.clients.delete(id);
    speaker.clients.set(id, client);
    this.#speakers.set(speaker.connection, speaker);
    return client;
  }

  #remove(client: Client, clock: number): void {
    const { id: clientId, speaker, sentClock } = client;
    speaker.clients.delete(clientId);
    this.#clients.delete(clientId);
    this.#due.delete(clientId);
    // Nobody has seen it yet.
    if (!this.#awareness.states.delete(clientId)) return;
    // A farewell counts also with the clock of the state that it takes away.
    this.#awareness.meta.set(clientId, { clock: Math.max(clock, sentClock), lastUpdated: Date.now() });
    const tell = this.#tellerOf([clientId]);
    for (const connection of this.document.connections.keys()) tell(connection);
    this.#tellNodes([clientId]);
    this.#awareness.emit('change', [{ added: [], updated: [], removed: [clientId] }, this]);
  }

  #send(clientId: number, now: number): void {
    this.#due.add(clientId);
    if (!this.#window && !this.#telling.isRunning) this.#openWindow(now);
  }

  #openWindow(now: number): void {
    const tooMany = Math.max(0, this.document.connections.size - manyPeople);
    const windowMs = this.#options.windowMs + tooMany * windowMsOfOne;
    const waitMs = Math.max(0, this.#sentAt + windowMs - now);
    // Also what comes first waits for what arrives in the same turn.
    this.#window = setTimeout(() => this.#flush(), waitMs);
    this.#window.unref();
  }

  #flush(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    const now = performance.now();
    const added: number[] = [];
    const updated: number[] = [];
    for (const clientId of this.#due) {
      const client = this.#clients.get(clientId);
      const isNew = client?.json === gone;
      if (client && !this.#bringUpToDate(client, now)) this.#due.delete(clientId);
      else (isNew ? added : updated).push(clientId);
    }
    if (this.#due.size === 0) return;
    const clientIds = [...this.#due];
    this.#due.clear();
    this.#sentAt = now;
    this.#telling.run(this.document.connections.keys(), this.#tellerOf(clientIds), () => {
      if (this.#due.size > 0) this.#openWindow(performance.now());
    });
    this.#tellNodes(clientIds.filter((clientId) => this.#clients.has(clientId)));
    this.#awareness.emit('change', [{ added, updated, removed: [] }, this]);
  }

  /** Whether there is something that others do not have. */
  #bringUpToDate(client: Client, now: number): boolean {
    const { states, meta } = this.#awareness;
    const isNews = this.#read(client);
    if (isNews) client.inputAt = now;
    if (client.json === gone && !isNews) {
      // Its first state was none.
      this.#remove(client, client.clock);
      return false;
    }
    const isIdle = this.#idles(client, now);
    if (!isNews && isIdle === client.isIdle && !isToBeRenewed(client, now)) return false;
    if (isNews || isIdle !== client.isIdle) {
      client.isIdle = isIdle;
      const state = isIdle ? { ...client.state, idle: true } : client.state;
      states.set(client.id, state);
      client.json = Buffer.from(isIdle ? JSON.stringify(state) : client.shown);
    }
    client.sentClock = Math.max(client.clock, client.sentClock + 1);
    client.sentAt = now;
    meta.set(client.id, { clock: client.sentClock, lastUpdated: Date.now() });
    return true;
  }

  #idles({ inputAt }: Client, now: number): boolean {
    return now - inputAt >= this.#options.idleMs;
  }

  /** Whether the client has said something new, other than that it is still there. */
  #read(client: Client): boolean {
    const { unheard } = client;
    if (!unheard) return false;
    client.unheard = undefined;
    const said = textOf(unheard);
    if (said === client.said) {
      client.saidClock = client.clock;
      return false;
    }
    const state = stateIn(said, client.speaker.user);
    if (!state) {
      this.#options.onRefused(client.speaker);
      return false;
    }
    client.said = said;
    client.saidClock = client.clock;
    const shown = JSON.stringify(state);
    if (shown === client.shown) return false;
    Object.assign(client, { state, shown });
    return true;
  }

  /** What tells somebody of these clients, as they are now. */
  #tellerOf(clientIds: readonly number[]): (connection: Connection) => void {
    const those = new Set(clientIds);
    const update = this.#updateOf(clientIds);
    const frames = new Map<string, Uint8Array>();
    return (connection) => {
      if (isBehind(connection)) {
        this.#miss(connection, clientIds);
      } else if (this.#missed.has(connection)) {
        this.#catchUp(connection, clientIds);
      } else if (this.#ownOf(connection).some((own) => those.has(own.id) && isFarAhead(own))) {
        // Asked when it is told: while others were, a client may have come over from another connection.
        connection.send(this.#frameFor(connection, clientIds));
      } else {
        const address = connection.messageAddress;
        const frame = frames.get(address) ?? awarenessFrame(address, update);
        frames.set(address, frame);
        connection.send(frame);
      }
    };
  }

  #catchUp(connection: Connection, clientIds: readonly number[]): void {
    const all = new Set([...(this.#missed.get(connection) ?? []), ...clientIds]);
    this.#missed.delete(connection);
    connection.send(this.#frameFor(connection, [...all]));
  }

  #miss(connection: Connection, clientIds: readonly number[]): void {
    const missed = this.#missed.get(connection) ?? new Set();
    for (const clientId of clientIds) missed.add(clientId);
    this.#missed.set(connection, missed);
  }

  #ownOf(connection: Connection): Client[] {
    return [...(this.#speakers.get(connection)?.clients.values() ?? [])];
  }

  #frameFor(connection: Connection, clientIds: readonly number[]): Uint8Array {
    const own = this.#speakers.get(connection)?.clients;
    const entries = clientIds.map((clientId) => {
      const entry = this.#entryOf(clientId);
      const client = own?.get(clientId);
      return client && isFarAhead(client) ? { ...entry, json: gone } : entry;
    });
    return awarenessFrame(connection.messageAddress, writeAnnouncements(entries));
  }

  #updateOf(clientIds: readonly number[]): Uint8Array {
    return writeAnnouncements(clientIds.map((clientId) => this.#entryOf(clientId)));
  }

  #entryOf(clientId: number): Announcement {
    const { states, meta } = this.#awareness;
    const clock = meta.get(clientId)?.clock ?? 0;
    const json = this.#clients.get(clientId)?.json;
    return {
      clientId,
      clock,
      json: json ?? Buffer.from(JSON.stringify(states.get(clientId) ?? null)),
    };
  }

  #tellNodes(clientIds: readonly number[]): void {
    if (clientIds.length > 0) this.#options.onLocalChange(() => this.#updateOf(clientIds));
  }

  /** Of those who left, the longest known first. */
  #dropClocks(count: number): void {
    let left = count;
    for (const clientId of this.#awareness.meta.keys()) {
      if (left === 0) return;
      if (this.#awareness.states.has(clientId) || clientId === this.#awareness.clientID) continue;
      this.#awareness.meta.delete(clientId);
      left -= 1;
    }
  }
}

/** Whether the client may have said something since that it would take back. */
function isFarAhead({ clock, saidClock, sentClock }: Client): boolean {
  return clock < sentClock && saidClock < sentClock - 1;
}

function isToBeRenewed({ clock, sentClock, sentAt }: Client, now: number): boolean {
  return now - sentAt >= (clock > sentClock ? passOnAfterMs : renewAfterMs);
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

function isBehind({ context }: Connection): boolean {
  return context.socket.bufferedBytes > maxBehindBytes;
}
