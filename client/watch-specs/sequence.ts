/**
 * Where we stand in the feed: which events are new to us, and where to go on after a break.
 *
 * While the transport changes, two links may bring the same events; each is let through once.
 */
export class Sequence {
  #epoch = '';
  #number = -1;

  /** `null` before the first event. */
  get lastEventId(): string | null {
    return this.#epoch === '' ? null : `${this.#epoch}:${this.#number}`;
  }

  /**
   * Whether this one was not heard before; then it is from now on.
   *
   * @param eventId `null` for an event that goes ahead of its turn: where to go on stays as it was
   */
  isNew(eventId: string | null): boolean {
    if (eventId === null) return true;
    const { epoch, number } = partsOf(eventId);
    if (epoch === this.#epoch && number <= this.#number) return false;
    this.#epoch = epoch;
    this.#number = number;
    return true;
  }

  /** Everything up to this one is known, whatever was heard before. */
  begin(eventId: string): void {
    const { epoch, number } = partsOf(eventId);
    this.#epoch = epoch;
    this.#number = number;
  }
}

function partsOf(eventId: string): { epoch: string; number: number } {
  const at = eventId.lastIndexOf(':');
  return { epoch: eventId.slice(0, at), number: Number(eventId.slice(at + 1)) };
}
