/**
 * Which rooms have operators made ones for reading, until they give them back?
 *
 * That holds whether anybody is there or not, for as long as a node runs that knows of it; it is kept nowhere.
 */
import type { ReadOnlyRooms } from '../extensions/read-only-rooms.ts';
import { errors } from './errors.ts';

/** What was said of a room last. */
export interface ReadingRoom {
  readonly documentName: string;
  readonly isReadOnly: boolean;
  /** In ms since the epoch: of two nodes the one that heard later is right. */
  readonly at: number;
}

export class ReadingRooms {
  readonly #readOnlyRooms: ReadOnlyRooms;

  /** By document; those that were given back stay here, for nodes that did not hear of it. */
  readonly #said = new Map<string, ReadingRoom>();

  constructor(readOnlyRooms: ReadOnlyRooms) {
    this.#readOnlyRooms = readOnlyRooms;
  }

  has(documentName: string): boolean {
    return this.#said.get(documentName)?.isReadOnly ?? false;
  }

  all(): ReadingRoom[] {
    return [...this.#said.values()];
  }

  /** What was said later counts. */
  take(said: ReadingRoom): void {
    const { documentName, isReadOnly, at } = said;
    const before = this.#said.get(documentName);
    if (before && before.at >= at) return;
    this.#said.set(documentName, said);
    if (isReadOnly === (before?.isReadOnly ?? false)) return;
    const { reason } = errors['room-read-only'];
    const notice = { event: 'room-read-only', data: { reason } } as const;
    if (isReadOnly) this.#readOnlyRooms.close(documentName, 'operator', notice);
    else this.#readOnlyRooms.open(documentName, 'operator');
  }
}
