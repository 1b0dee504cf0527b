/**
 * The rooms of Socket.IO: one for each spec, or set of specs, that somebody watches. An event is put together and
 * encoded once for everybody in its room.
 */
import type { Namespace, Socket } from 'socket.io';
import type { SpecEvent } from './events.ts';
import type { SpecFeed } from './feed.ts';
import { Filter } from './filter.ts';
import { type Listen, type Listening, subscriptionOf, type WatchedSpecs } from './watch.ts';

interface Room {
  readonly unsubscribe: () => void;
  /** Of the last event that was told here; `null` before the first. */
  eventId: string | null;
}

export class SpecRooms {
  readonly #feed: SpecFeed;
  readonly #namespace: Namespace;
  readonly #rooms = new Map<string, Room>();

  /** What each socket entered last. */
  readonly #latest = new WeakMap<Socket, { readonly name: string; readonly listening: Listening }>();

  constructor(feed: SpecFeed, namespace: Namespace) {
    this.#feed = feed;
    this.#namespace = namespace;
    namespace.adapter.on('delete-room', (name: string) => {
      this.#rooms.get(name)?.unsubscribe();
      this.#rooms.delete(name);
    });
  }

  /** Serves a subscription by letting the socket into a room. */
  listening(socket: Socket): Listen {
    return (watched, from) => this.#enter(socket, watched, from);
  }

  #enter(socket: Socket, watched: WatchedSpecs, from: string | null | undefined): Listening {
    const name = nameOf(watched);
    // Everything below happens at once, so that nothing can be published in between.
    if (from !== undefined) {
      const onEvent = ({ event, data }: SpecEvent) => void socket.emit(event, data);
      this.#feed.subscribe({ ...subscriptionOf(watched), from, onEvent }).unsubscribe();
    }
    const room = this.#rooms.get(name) ?? this.#open(name, watched);
    const whenEntered = { its: room.eventId, newest: this.#feed.current().eventId };
    void socket.join(name);
    const listening: Listening = {
      get eventId() {
        return room.eventId !== null && room.eventId !== whenEntered.its ? room.eventId : whenEntered.newest;
      },
      stop: () => {
        // The same subscription again is the same room, which is not to be left.
        const latest = this.#latest.get(socket);
        if (latest?.name !== name || latest.listening === listening) void socket.leave(name);
      },
    };
    this.#latest.set(socket, { name, listening });
    return listening;
  }

  #open(name: string, watched: WatchedSpecs): Room {
    const { unsubscribe } = this.#feed.subscribe({
      ...subscriptionOf(watched),
      onEvent: ({ event, data }) => {
        room.eventId = data.eventId ?? room.eventId;
        this.#namespace.to(name).emit(event, data);
      },
    });
    const room: Room = { unsubscribe, eventId: null };
    this.#rooms.set(name, room);
    return room;
  }
}

/** `spec:E13-F01` for one spec and nothing else; else the name says all that is asked for. */
function nameOf({ maxPerSecond, ...filter }: WatchedSpecs): string {
  const { specIds, ...others } = filter;
  if (specIds?.length === 1 && maxPerSecond === undefined && Object.keys(others).length === 0) {
    return `spec:${specIds[0]}`;
  }
  return `specs:${maxPerSecond ?? ''} ${new Filter(filter).key}`;
}
