/**
 * CivicPress' `realtimeRoomManager`: lists, finds and closes rooms, and takes types of rooms of CivicPress' own.
 */
import type { OpenRooms, RoomSummary } from '../../open-rooms.ts';
import type { RoomType } from '../../room-types.ts';
import { RealtimeError, RoomNotFoundError, toCivicPress } from './errors.ts';

/** A room as CivicPress' own module describes it. */
export interface Room extends Omit<RoomSummary, 'documentName'> {
  /** Such as `record:noise-bylaw`. */
  readonly roomId: string;
  /** Such as `record`. */
  readonly roomType: string;
}

export class RoomManager {
  readonly #types: RoomType[] = [];
  #rooms: OpenRooms | undefined;

  /**
   * Makes rooms of a type of your own: before the server starts.
   *
   * @throws RealtimeError when the server has started, or has such a type
   */
  registerRoomType(type: RoomType): void {
    if (this.#rooms)
      throw new RealtimeError('Register types of rooms before the server starts.', { type: type.name });
    const isTaken =
      ['record', 'spec-updates'].includes(type.name) || this.#types.some(({ name }) => name === type.name);
    if (isTaken)
      throw new RealtimeError(`There is a type of room "${type.name}" already.`, { type: type.name });
    this.#types.push(type);
  }

  getAllRooms(): Room[] {
    return (this.#rooms?.list() ?? []).map(({ documentName, ...about }) => ({
      roomId: documentName,
      roomType: documentName.split(':', 1)[0] as string,
      ...about,
    }));
  }

  /** `null` when nobody has it open. */
  getRoom(roomId: string): Room | null {
    return this.getAllRooms().find((room) => room.roomId === roomId) ?? null;
  }

  getRoomCount(): number {
    return this.#rooms?.list().length ?? 0;
  }

  /**
   * Sends everybody away and lets the room go when everything is saved. Who comes back opens it anew.
   *
   * @throws RoomNotFoundError when it is not open
   */
  async closeRoom(roomId: string): Promise<void> {
    const isClosed = await this.#rooms?.close(roomId).catch((error: unknown) => {
      throw toCivicPress(error);
    });
    if (!isClosed) throw new RoomNotFoundError(roomId);
  }

  /** For the server: the types that were registered. */
  get types(): readonly RoomType[] {
    return this.#types;
  }

  /** For the server: these are its rooms from now on; `undefined` when it has stopped. */
  attach(rooms: OpenRooms | undefined): void {
    this.#rooms = rooms;
  }
}
