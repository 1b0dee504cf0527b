/**
 * Counts the messages that come and go, by kind. It stands on the way of every frame: two additions, nothing else.
 */

const kinds = [
  'sync',
  'awareness',
  'auth',
  'query-awareness',
  'sync-reply',
  'stateless',
  'broadcast-stateless',
  'close',
  'sync-status',
  'ping',
  'pong',
  'other',
] as const;

const other = kinds.length - 1;

export type Direction = 'in' | 'out';

export interface Counted {
  readonly direction: Direction;
  readonly kind: (typeof kinds)[number];
  readonly messages: number;
  readonly bytes: number;
}

export class Traffic {
  readonly #messages = { in: new Float64Array(kinds.length), out: new Float64Array(kinds.length) };
  readonly #bytes = { in: new Float64Array(kinds.length), out: new Float64Array(kinds.length) };

  /** @param frame a Hocuspocus frame: an address behind its length, and a type of one byte */
  count(direction: Direction, frame: Uint8Array): void {
    const { 0: first = 0, 1: second = 0 } = frame;
    const typeAt = first < 128 ? 1 + first : 2 + ((first & 127) | (second << 7));
    const kind = Math.min(frame[typeAt] ?? other, other);
    (this.#messages[direction][kind] as number) += 1;
    (this.#bytes[direction][kind] as number) += frame.byteLength;
  }

  /** Of those kinds of which there were any. */
  counted(): Counted[] {
    return (['in', 'out'] as const).flatMap((direction) =>
      kinds.flatMap((kind, index) => {
        const messages = this.#messages[direction][index] as number;
        const bytes = this.#bytes[direction][index] as number;
        return messages > 0 ? { direction, kind, messages, bytes } : [];
      }),
    );
  }
}
