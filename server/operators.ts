/**
 * What operators see of the rooms and of the people in them, and do with them, at whatever node those are.
 */
import type { LogLevel, LogLevels } from './log-levels.ts';
import type { NodeBus } from './node-bus.ts';
import { NodeCalls } from './node-calls.ts';
import type { Client, Farewell, OpenRooms, RoomSummary } from './open-rooms.ts';
import type { Logger } from './ports.ts';
import type { ReadingRoom, ReadingRooms } from './reading-rooms.ts';

export interface OperatorsOptions {
  readonly rooms: Pick<OpenRooms, 'list' | 'clients' | 'close' | 'disconnect'>;
  readonly readingRooms: Pick<ReadingRooms, 'has' | 'all' | 'take'>;
  /** `null`: the level is not ours to change. */
  readonly logLevels: Pick<LogLevels, 'set'> | null;
  /** To the other nodes, when there are some. */
  readonly bus: NodeBus | undefined;
  readonly log: Logger;
}

/** One open document, at all nodes together. */
export interface RoomOverview extends RoomSummary {
  readonly isReadOnly: boolean;
  /** Where it is open. */
  readonly nodes: readonly string[];
}

export interface ClientAtNode extends Client {
  readonly node: string;
}

/** Part of a list; `next` is where the rest begins, `null` behind the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface PageQuery {
  readonly after: string;
  readonly limit: number;
}

/** How long other nodes are waited for: to say what there is, in ms; and to do something, which includes saving. */
const sayingMs = 2_000;
const doingMs = 12_000;

export class Operators {
  readonly #options: OperatorsOptions;
  readonly #nodes;

  constructor(options: OperatorsOptions) {
    this.#options = options;
    const { rooms, readingRooms, logLevels, bus, log } = options;
    this.#nodes = new NodeCalls({
      bus: bus ?? null,
      log,
      methods: {
        rooms: ({ after, limit }: PageQuery) => firstOf(rooms.list(), nameOf, after, limit),
        room: (documentName: string) => ({
          summary: rooms.list().find((room) => room.documentName === documentName) ?? null,
          clients: rooms.clients().filter((client) => client.documentName === documentName),
        }),
        clients: ({ after, limit }: PageQuery) => firstOf(rooms.clients(), keyOf, after, limit),
        close: (documentName: string) => rooms.close(documentName),
        readOnly: (said: ReadingRoom) => readingRooms.take(said),
        readOnlyRooms: () => readingRooms.all(),
        disconnect: (socketId: string, farewell: Farewell) => rooms.disconnect(socketId, farewell),
        logLevel: (level: LogLevel, seconds: number | null) => logLevels?.set(level, seconds),
      },
      // A node that comes, or was cut off, hears of what was said meanwhile.
      onListening: () => void this.#catchUp().catch(() => undefined),
    });
  }

  get nodeId(): string {
    return this.#nodes.nodeId;
  }

  stop(): void {
    this.#nodes.stop();
  }

  /** By name. */
  async rooms(query: PageQuery): Promise<Page<RoomOverview>> {
    const answers = await this.#nodes.everywhere(sayingMs, 'rooms', query);
    const byName = new Map<string, RoomOverview>();
    for (const { node, result } of answers) {
      for (const room of result) {
        const isReadOnly = this.#options.readingRooms.has(room.documentName);
        byName.set(room.documentName, together({ ...room, isReadOnly, nodes: [node] }, byName));
      }
    }
    return pageOf([...byName.values()], nameOf, query);
  }

  /** `null` when it is open nowhere. */
  async room(documentName: string): Promise<(RoomOverview & { clients: readonly ClientAtNode[] }) | null> {
    const answers = await this.#nodes.everywhere(sayingMs, 'room', documentName);
    const byName = new Map<string, RoomOverview>();
    for (const { node, result } of answers) {
      if (!result.summary) continue;
      const isReadOnly = this.#options.readingRooms.has(documentName);
      byName.set(documentName, together({ ...result.summary, isReadOnly, nodes: [node] }, byName));
    }
    const overview = byName.get(documentName);
    const clients = answers.flatMap(({ node, result }) =>
      result.clients.map((client) => ({ ...client, node })),
    );
    return overview ? { ...overview, clients } : null;
  }

  /** By document. */
  async clients(query: PageQuery): Promise<Page<ClientAtNode>> {
    const answers = await this.#nodes.everywhere(sayingMs, 'clients', query);
    const clients = answers.flatMap(({ node, result }) => result.map((client) => ({ ...client, node })));
    return pageOf(clients, keyOf, query);
  }

  /**
   * Sends everybody away and lets the document go at every node once it is saved; who comes back opens it anew. `false`
   * when it was open nowhere.
   *
   * @throws RealtimeError `not-saved`
   */
  async close(documentName: string): Promise<boolean> {
    const answers = await this.#nodes.everywhere(doingMs, 'close', documentName);
    return answers.some(({ result }) => result);
  }

  /** Until it is said again, whether the room is open or not. */
  async setReadOnly(documentName: string, isReadOnly: boolean): Promise<void> {
    await this.#nodes.everywhere(sayingMs, 'readOnly', { documentName, isReadOnly, at: Date.now() });
  }

  /** `false` when there is no such socket at any node. */
  async disconnect(socketId: string, farewell: Farewell): Promise<boolean> {
    const answers = await this.#nodes.everywhere(sayingMs, 'disconnect', socketId, farewell);
    return answers.some(({ result }) => result);
  }

  /** @param seconds after which it is what it was configured to be; `null` for never */
  async setLogLevel(level: LogLevel, seconds: number | null): Promise<void> {
    await this.#nodes.everywhere(sayingMs, 'logLevel', level, seconds);
  }

  async #catchUp(): Promise<void> {
    const answers = await this.#nodes.whoever(sayingMs, 'readOnlyRooms');
    for (const { result } of answers) for (const said of result) this.#options.readingRooms.take(said);
  }
}

const nameOf = ({ documentName }: { readonly documentName: string }) => documentName;
const keyOf = ({ documentName, socket }: Client) => `${documentName} ${socket}`;

/** What a node shows of a room, with what others have shown of it already. */
function together(room: RoomOverview, known: ReadonlyMap<string, RoomOverview>): RoomOverview {
  const before = known.get(room.documentName);
  if (!before) return room;
  const unsaved = [before.unsavedSince, room.unsavedSince].filter((since) => since !== null);
  return {
    ...room,
    connections: before.connections + room.connections,
    people: [...new Set([...before.people, ...room.people])],
    unsavedSince: unsaved.length > 0 ? Math.min(...unsaved) : null,
    nodes: [...before.nodes, ...room.nodes],
  };
}

/** One more than asked for: whether there is a rest. */
function firstOf<Item>(
  items: Item[],
  keyOfItem: (item: Item) => string,
  after: string,
  limit: number,
): Item[] {
  const sorted = items.filter((item) => keyOfItem(item) > after).sort(byKey(keyOfItem));
  return sorted.slice(0, limit + 1);
}

function pageOf<Item>(items: Item[], keyOfItem: (item: Item) => string, query: PageQuery): Page<Item> {
  const shown = firstOf(items, keyOfItem, query.after, query.limit);
  const rest = shown.splice(query.limit);
  const last = shown.at(-1);
  return { items: shown, next: rest.length > 0 && last ? keyOfItem(last) : null };
}

function byKey<Item>(keyOfItem: (item: Item) => string): (one: Item, other: Item) => number {
  return (one, other) => (keyOfItem(one) < keyOfItem(other) ? -1 : 1);
}
