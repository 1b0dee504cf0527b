/**
 * Decides when an editor hears that its edit is saved: when it is on stable storage, and no sooner.
 *
 * Hocuspocus sends the acknowledgement as soon as an update is in memory. The gateway shows each one to this class,
 * which holds it until the document's journal has everything that the document holds.
 *
 * A provider counts: one for the exchange of states with which a connection begins, one for each edit after that; an
 * acknowledgement takes one away. Edits from before the exchange, typed offline and sent from a queue, are not in the
 * count, and Hocuspocus acknowledges them all the same: the count would reach zero with edits still on their way. So
 * these acknowledgements are left out, and everything else waits until the exchange itself is durable.
 *
 * With `forceSync` a provider begins another exchange at any time, and counts from one again.
 */
import { decodeStateVector } from 'yjs';
import { documentNameIn } from './frame-address.ts';
import { beginsWithin, isOnlyDeleting, type readUpdate } from './update-facts.ts';

export interface AcknowledgementOptions {
  /** Calls back once everything that the document holds now is durable: at once, when it is. */
  readonly whenDurable: (documentName: string, then: () => void) => void;
  /** Sends one to the editor. */
  readonly send: (address: string) => void;
}

/**
 * `counted`: the provider waits for it. `uncounted`: it does not. `doubtful`: that cannot be told.
 * `exchanged`: the exchange of states is complete with it. `ahead`: it is counted, and comes again with the exchange.
 */
type Kind = 'counted' | 'uncounted' | 'doubtful' | 'exchanged' | 'ahead';

/** One document on one socket, since its last exchange began. */
interface Count {
  /** What the client had when the exchange began; `null` before the first one. */
  readonly clientHad: ReadonlyMap<number, number> | null;
  isExchanged: boolean;
  isOverdue: boolean;
  /** How many answers are still to come: the last one completes the exchange, those before it are to earlier ones. */
  unanswered: number;
  /** When those acknowledgements were sent that may still be on their way; in monotonic ms. */
  readonly sentAt: number[];
  /** So many arrived, perhaps, when the client had begun to count anew, and took away what they were not for. */
  crossing: number;
  /** Of the message that is being handled. */
  kind: Kind;
  /** So many wait for the exchange. */
  held: number;
  /** So many are for edits that only the exchange brings. */
  ahead: number;
  doubtful: number;
  /** Until the doubtful ones go. */
  quiet: NodeJS.Timeout | undefined;
  /** Until the exchange is not waited for any longer. */
  overdue: NodeJS.Timeout | undefined;
}

/** What most have who come in, in memory once. */
const nothing: ReadonlyMap<number, number> = new Map();

/** After so long without an edit the provider's count is all that is on its way: one too many does no harm. */
const quietMs = 1_000;

/**
 * A client that has not answered by then may never do so: it may be no Hocuspocus provider. Or its line is slow. What
 * it typed since the exchange began is acknowledged from now on, and nothing else: a provider goes on counting one for
 * the exchange.
 */
const exchangeMs = 3_000;

/** No acknowledgement is longer on its way. */
const onTheWayMs = 3_000;

export class Acknowledgements {
  readonly #options: AcknowledgementOptions;
  /** By the address that a document has on this socket. */
  readonly #counts = new Map<string, Count>();

  constructor(options: AcknowledgementOptions) {
    this.#options = options;
  }

  /** The client begins to count anew. What it was owed before, it no longer waits for. */
  exchangeBegins(address: string, stateVector: Uint8Array): void {
    const before = this.#counts.get(address);
    const decoded = decodeStateVector(stateVector);
    const clientHad = decoded.size > 0 ? decoded : nothing;
    const unanswered = (before?.unanswered ?? 0) + 1;
    if (before?.clientHad && before.unanswered > 0 && isWithin(clientHad, before.clientHad)) {
      // One that was to begin offline, and comes from the queue now: the client has counted anew since.
      before.unanswered = unanswered;
      return;
    }
    stopTimers(before);
    const count = { ...newCount(clientHad), unanswered, crossing: stillOnTheWay(before).length };
    this.#counts.set(address, count);
    count.overdue = setTimeout(() => {
      count.overdue = undefined;
      count.isOverdue = true;
      this.#sendHeld(address, count);
    }, exchangeMs);
    count.overdue.unref();
  }

  /** The client's answer in the exchange is about to be handled. */
  exchangeEnds(address: string): void {
    const count = this.#countOf(address);
    count.unanswered = Math.max(0, count.unanswered - 1);
    count.kind = count.unanswered === 0 ? 'exchanged' : 'uncounted';
  }

  /**
   * An edit is about to be handled.
   *
   * @param comesAgain with the exchange; now it is left out
   */
  editComes(address: string, update: ReturnType<typeof readUpdate>, comesAgain = false): void {
    const count = this.#countOf(address);
    const kind = kindOf(count, update);
    count.kind = comesAgain && kind === 'counted' ? 'ahead' : kind;
    if (count.quiet) this.#sendDoubtfulSoon(address, count);
  }

  /** Whether the exchange is complete: before that, an edit may arrive ahead of those that it builds on. */
  isExchanged(address: string): boolean {
    return this.#counts.get(address)?.isExchanged ?? false;
  }

  /** Takes an acknowledgement when Hocuspocus would send it, right after the message that it is for was handled. */
  take(address: string): void {
    const count = this.#countOf(address);
    if (count.kind === 'uncounted') return;
    if (count.kind === 'doubtful') {
      count.doubtful += 1;
      return;
    }
    if (count.kind === 'ahead') {
      count.ahead += 1;
      return;
    }
    count.held += 1;
    if (count.kind === 'exchanged') this.#exchanged(address, count);
    else if (count.isExchanged || count.isOverdue) this.#sendHeld(address, count);
  }

  /** The socket is closed. */
  forget(): void {
    for (const count of this.#counts.values()) stopTimers(count);
    this.#counts.clear();
  }

  #countOf(address: string): Count {
    const count = this.#counts.get(address) ?? newCount(null);
    this.#counts.set(address, count);
    return count;
  }

  #exchanged(address: string, count: Count): void {
    clearTimeout(count.overdue);
    count.overdue = undefined;
    count.isExchanged = true;
    count.held += count.ahead;
    count.ahead = 0;
    this.#sendHeld(address, count);
    // Not sooner: over a slow line there may be a long silence before the exchange.
    if (count.doubtful > 0) this.#sendDoubtfulSoon(address, count);
  }

  #sendHeld(address: string, count: Count): void {
    const { held } = count;
    count.held = 0;
    if (held > 0) this.#sendWhenDurable(address, count, held);
  }

  #sendWhenDurable(address: string, count: Count, times: number): void {
    this.#options.whenDurable(documentNameIn(address), () => {
      if (this.#counts.get(address) !== count) return;
      const withheld = Math.min(times, count.crossing);
      count.crossing -= withheld;
      count.doubtful += withheld;
      if (withheld > 0 && count.isExchanged) this.#sendDoubtfulSoon(address, count);
      this.#send(address, count, times - withheld);
    });
  }

  #send(address: string, count: Count, times: number): void {
    if (times === 0) return;
    const now = performance.now();
    while ((count.sentAt[0] ?? now) < now - onTheWayMs) count.sentAt.shift();
    for (let time = 0; time < times; time += 1) {
      count.sentAt.push(now);
      this.#options.send(address);
    }
  }

  #sendDoubtfulSoon(address: string, count: Count): void {
    clearTimeout(count.quiet);
    count.quiet = setTimeout(() => {
      count.quiet = undefined;
      count.crossing = 0;
      this.#sendWhenDurable(address, count, count.doubtful);
      count.doubtful = 0;
    }, quietMs);
    count.quiet.unref();
  }
}

function newCount(clientHad: ReadonlyMap<number, number> | null): Count {
  return {
    clientHad,
    isExchanged: false,
    isOverdue: false,
    unanswered: 0,
    sentAt: [],
    crossing: 0,
    kind: 'counted',
    held: 0,
    ahead: 0,
    doubtful: 0,
    quiet: undefined,
    overdue: undefined,
  };
}

function stopTimers(count: Count | undefined): void {
  clearTimeout(count?.quiet);
  clearTimeout(count?.overdue);
}

function stillOnTheWay(count: Count | undefined): number[] {
  const since = performance.now() - onTheWayMs;
  return count?.sentAt.filter((at) => at > since) ?? [];
}

/** Whether who has `much` has all of `little`. */
function isWithin(little: ReadonlyMap<number, number>, much: ReadonlyMap<number, number>): boolean {
  return [...little].every(([client, clock]) => clock <= (much.get(client) ?? 0));
}

/**
 * A provider that gathers edits (`flushDelay`) counts them with the first one, and may send them when the exchange is
 * long complete: not counted is what begins with an edit from before it.
 */
function kindOf({ clientHad, isExchanged }: Count, update: ReturnType<typeof readUpdate>): Kind {
  if (clientHad === null || isOnlyDeleting(update)) return isExchanged ? 'counted' : 'doubtful';
  return beginsWithin(clientHad, update) ? 'uncounted' : 'counted';
}
