/**
 * Who is in this room at other nodes, and what do those nodes tell it?
 *
 * Presence and notices travel from node to node and are kept by nobody. A node that opens a room, or could not hear for a
 * while, asks who is there. Nodes say every now and then that they live; who is silent has died or is cut off, and
 * everybody there is gone for those here.
 */
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  Document,
  Extension,
  Hocuspocus,
  onConfigurePayload,
} from '@hocuspocus/server';
import type { NodeBus } from '../server/node-bus.ts';
import type { Logger } from '../server/ports.ts';
import { gone, isGone, readAnnouncements, writeAnnouncements } from '../server/presence/frames.ts';
import type { ConnectionContext } from '../server/session.ts';
import type { Notice, Notices } from './notices.ts';
import type { Presence } from './presence.ts';
import type { RecordSync } from './record-sync.ts';
import type { Fate, Retirement } from './retirement.ts';

export interface NeighboursOptions {
  readonly bus: NodeBus;
  readonly presence: Presence;
  readonly notices: Notices;
  readonly retirement: Retirement;
  readonly recordSync: RecordSync;
  /** Whether this node keeps the document. */
  readonly keeps: (documentName: string) => boolean;
  readonly log: Logger;
}

/** With which a message in a room begins. */
const kinds = {
  /** Who is there, in the format of y-protocols' awareness. */
  presence: 'p',
  /** What the room is told. */
  notice: 'n',
  /** Tell me who is there. */
  hello: 'h',
  /** What has become of its record; nothing: it is there to be edited. */
  fate: 'f',
  /** Whoever keeps the document is to look at its record. */
  check: 'c',
} as const;

/** On which nodes say that they live. */
const lifeSigns = 'nodes';
const signEveryMs = 2_000;

/** Four signs have not come. */
const silenceMs = 8_000;

/** Where it is not known whether something was missed, it is not asked more often. */
const askEveryMs = 10_000;

/** For a window that has come back, and all that come back with it. */
const askSoonMs = 300;

interface Room {
  readonly document: Document;
  readonly stop: () => void;
  /** Of whom this node has heard from others: from which. */
  readonly clients: Map<number, string>;
  /** Who was taken for gone because their node was silent, with the clock that others here know. */
  readonly missing: Map<number, number>;
  askedAt: number;
  /** Runs while somebody waits for who is at other nodes. */
  asking: NodeJS.Timeout | undefined;
}

export class Neighbours implements Extension<ConnectionContext> {
  readonly #options: NeighboursOptions;
  readonly #rooms = new Map<string, Room>();
  /** When each node was last heard, in monotonic ms. */
  readonly #heardAt = new Map<string, number>();
  readonly #signing: NodeJS.Timeout;
  readonly #ends: (() => void)[];
  #instance: Hocuspocus | undefined;

  constructor(options: NeighboursOptions) {
    const { bus, presence, notices, retirement } = options;
    this.#options = options;
    this.#ends = [
      bus.listen(lifeSigns, { onMessage: (nodeId) => this.#lives(nodeId), onListening: () => undefined }),
      presence.onLocalChange((documentName, update) => this.#tell(documentName, kinds.presence, update)),
      presence.onReturn((documentName) => this.#askSoon(documentName)),
      notices.onTold((documentName, notice) =>
        this.#tell(documentName, kinds.notice, Buffer.from(JSON.stringify(notice))),
      ),
      retirement.onFate((documentName, fate) =>
        this.#tell(documentName, kinds.fate, Buffer.from(fate ?? '')),
      ),
    ];
    this.#signing = setInterval(() => this.#sign(), signEveryMs);
    this.#signing.unref();
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async afterLoadDocument({ document }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const { name: documentName } = document;
    const room: Room = {
      document,
      clients: new Map(),
      missing: new Map(),
      askedAt: Number.NEGATIVE_INFINITY,
      asking: undefined,
      stop: this.#options.bus.listen(documentName, {
        onMessage: (nodeId, message) => this.#hear(room, nodeId, message),
        onListening: () => this.#introduce(room),
      }),
    };
    this.#rooms.set(documentName, room);
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#rooms.get(documentName)?.stop();
    this.#rooms.delete(documentName);
  }

  async onDestroy(): Promise<void> {
    clearInterval(this.#signing);
    for (const end of this.#ends) end();
    for (const { stop } of this.#rooms.values()) stop();
    this.#rooms.clear();
  }

  /** Has the record looked at by whoever keeps the document, when that is another node. */
  check(documentName: string): void {
    this.#tell(documentName, kinds.check);
  }

  #tell(documentName: string, kind: string, content: Uint8Array = Buffer.alloc(0)): void {
    if (!this.#rooms.has(documentName)) return;
    this.#options.bus.tell(documentName, Buffer.concat([Buffer.from(kind), content]));
  }

  /** This node hears the others from now on: who is there, and who is here? */
  #introduce(room: Room): void {
    const now = performance.now();
    if (now - room.askedAt < askEveryMs) return;
    room.askedAt = now;
    this.#tell(room.document.name, kinds.hello);
    this.#sayWhoIsHere(room.document);
  }

  #askSoon(documentName: string): void {
    const room = this.#rooms.get(documentName);
    if (!room || room.asking) return;
    room.asking = setTimeout(() => {
      room.asking = undefined;
      this.#tell(documentName, kinds.hello);
    }, askSoonMs);
    room.asking.unref();
  }

  #sayWhoIsHere(document: Document): void {
    const update = this.#options.presence.localStates(document);
    // The first byte is the number of states.
    if (update && update[0] !== 0) this.#tell(document.name, kinds.presence, update);
  }

  #hear(room: Room, nodeId: string, message: Uint8Array): void {
    const { bus, notices, retirement, recordSync, keeps, log } = this.#options;
    const { document } = room;
    if (nodeId === bus.nodeId || this.#rooms.get(document.name) !== room) return;
    this.#lives(nodeId);
    const kind = String.fromCharCode(message[0] as number);
    const content = message.subarray(1);
    try {
      if (kind === kinds.presence) this.#meet(room, nodeId, content);
      else if (kind === kinds.hello) {
        this.#sayWhoIsHere(document);
        for (const trouble of notices.troublesOf(document.name)) {
          this.#tell(document.name, kinds.notice, Buffer.from(JSON.stringify(trouble)));
        }
        const fate = retirement.fateOf(document.name);
        if (fate) this.#tell(document.name, kinds.fate, Buffer.from(fate));
      } else if (kind === kinds.fate) {
        retirement.follow(document.name, (Buffer.from(content).toString() || null) as Fate | null);
      } else if (kind === kinds.check) {
        if (keeps(document.name)) void recordSync.check(document.name);
      } else if (kind === kinds.notice && this.#instance) {
        notices.passOn(this.#instance, document.name, JSON.parse(Buffer.from(content).toString()) as Notice);
      }
    } catch (error) {
      log.warn({ documentName: document.name, nodeId, cause: String(error) }, 'a node cannot be understood');
    }
  }

  #meet({ document, clients, missing }: Room, nodeId: string, update: Uint8Array): void {
    const announcements = readAnnouncements(update).map((announcement) => {
      const { clientId, clock, json } = announcement;
      const isLeaving = isGone(json);
      // Who has gone to another node is not taken along by the one before.
      if (isLeaving && clients.get(clientId) === nodeId) clients.delete(clientId);
      else if (!isLeaving) clients.set(clientId, nodeId);
      const lastClock = missing.get(clientId);
      missing.delete(clientId);
      // Others here have seen them go, and take nothing that is not behind that.
      return lastClock === clock && !isLeaving ? { ...announcement, clock: clock + 1 } : announcement;
    });
    this.#options.presence.applyRemote(document, writeAnnouncements(announcements));
  }

  #lives(nodeId: string): void {
    if (nodeId !== this.#options.bus.nodeId) this.#heardAt.set(nodeId, performance.now());
  }

  #sign(): void {
    this.#options.bus.tell(lifeSigns, Buffer.alloc(0));
    for (const [nodeId, heardAt] of this.#heardAt) {
      if (performance.now() - heardAt < silenceMs) continue;
      this.#heardAt.delete(nodeId);
      for (const room of this.#rooms.values()) this.#miss(room, nodeId);
    }
  }

  /** Everybody at this node is gone, as far as those here can tell. */
  #miss({ document, clients, missing }: Room, nodeId: string): void {
    const those = [...clients].filter(([, where]) => where === nodeId);
    const announcements = those.map(([clientId]) => {
      const clock = document.awareness.meta.get(clientId)?.clock ?? 0;
      clients.delete(clientId);
      missing.set(clientId, clock);
      return { clientId, clock, json: gone };
    });
    if (announcements.length > 0) {
      this.#options.presence.applyRemote(document, writeAnnouncements(announcements));
    }
  }
}
