/**
 * A clerk who types at random, and remembers what the server has promised.
 *
 * What was typed before a moment at which the provider's `unsyncedChanges` is 0 counts as acknowledged. The provider
 * is a real one, unmodified; nothing else is asked.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Clerk, type ClerkOptions } from '../helpers/clerk.ts';
import { until } from '../helpers/until.ts';
import type { Random } from '../markdown/helpers/random.ts';
import { editAtRandom } from './edits.ts';

/** What has to be found in the document, and what must not be. */
export interface Promised {
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

/** By the number of the edit. */
interface TokenLife {
  readonly insertedIn: number;
  deletedIn?: number;
}

export class Writer {
  readonly clerk: Clerk;
  readonly #mark: string;
  readonly #random: Random;
  readonly #tokens = new Map<string, TokenLife>();
  #edits = 0;
  #acknowledgedEdits = 0;
  #isTyping = false;

  /** Called while the provider tells that everything is acknowledged, until `stop()`. */
  onAcknowledged: () => void = () => undefined;

  constructor(mark: string, random: Random, options: ClerkOptions) {
    this.#mark = mark;
    this.#random = random;
    this.clerk = new Clerk(options);
    this.clerk.provider.on('unsyncedChanges', ({ number }: { number: number }) => {
      if (number > 0) return;
      this.#acknowledgedEdits = this.#edits;
      this.onAcknowledged();
    });
  }

  edit(): void {
    // Counted first: an acknowledgement cannot come before the edit has left.
    this.#edits += 1;
    const newToken = () => `‹${this.#mark}${this.#edits}›`;
    const { inserted, deleted } = editAtRandom(this.clerk.fragment, this.#mark, newToken, this.#random);
    if (inserted) this.#tokens.set(inserted, { insertedIn: this.#edits });
    const life = deleted && this.#tokens.get(deleted);
    if (life) life.deletedIn = this.#edits;
  }

  /**
   * Types until `stop()`, or so many edits. Some follow each other at once; now and then there is time to take a
   * breath, and for acknowledgements to catch up.
   */
  async type({ edits = Number.POSITIVE_INFINITY, longestPauseMs = 15 } = {}): Promise<void> {
    this.#isTyping = true;
    for (let left = edits; left > 0 && this.#isTyping; left -= 1) {
      this.edit();
      await delay(this.#random(10) === 0 ? 4 * longestPauseMs : this.#random(longestPauseMs + 1));
    }
  }

  stop(): void {
    this.#isTyping = false;
    this.onAcknowledged = () => undefined;
  }

  get typedTokens(): string[] {
    return [...this.#tokens.keys()];
  }

  /** What was acknowledged by now, but for what this writer has touched again since. */
  get promised(): Promised {
    return this.#standing(this.#acknowledgedEdits);
  }

  /** What this writer's own document says. */
  get intended(): Promised {
    return this.#standing(this.#edits);
  }

  hasDeleted(token: string): boolean {
    return this.#tokens.get(token)?.deletedIn !== undefined;
  }

  get isConnected(): boolean {
    return this.clerk.socket.status === 'connected';
  }

  /** Takes the network away. */
  async goOffline(): Promise<void> {
    this.clerk.socket.disconnect();
    await this.cutOff();
  }

  comeBack(): void {
    void this.clerk.socket.connect();
  }

  /** Resolves when the connection is gone, and with it every acknowledgement that was on its way has been heard. */
  async cutOff(): Promise<void> {
    await until('the connection is gone', () => !this.isConnected);
  }

  #standing(edits: number): Promised {
    const lives = [...this.#tokens];
    const present = lives.filter(([, { insertedIn, deletedIn }]) => insertedIn <= edits && !deletedIn);
    const absent = lives.filter(([, { deletedIn }]) => deletedIn && deletedIn <= edits);
    return { present: present.map(([token]) => token), absent: absent.map(([token]) => token) };
  }
}
