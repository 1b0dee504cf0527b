/**
 * Makes a revocation count at every node: the one that hears of it tells the others, also those that cannot be reached
 * at that moment, and tells them later when it is itself cut off.
 *
 * A token does not travel: the others recognize it by its hash, when somebody is in with it.
 */
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecheckResult } from '../extensions/rights.ts';
import { fieldOf } from './civicpress/client.ts';
import type { NoticeBoard } from './node-bus.ts';
import type { Logger, Revocation } from './ports.ts';

export interface SharedRevocationsOptions {
  readonly board: NoticeBoard;
  /** At this node. */
  readonly revokeHere: (revocation: Revocation) => Promise<RecheckResult>;
  /** With which somebody is in at this node. */
  readonly tokensHere: () => Iterable<string>;
  readonly log: Logger;
}

/** Between two tries to tell the others. */
const retryMs = 200;

/** Of those that could not be told yet; older ones are left to the next re-check. */
const maxUntold = 1_000;

export class SharedRevocations {
  readonly #options: SharedRevocationsOptions;
  readonly #stopListening: () => void;
  /** In order. */
  readonly #untold: Buffer[] = [];
  #isTelling = false;
  #isStopped = false;

  constructor(options: SharedRevocationsOptions) {
    this.#options = options;
    const { board } = options;
    this.#stopListening = board.listen((nodeId, message) => {
      if (nodeId !== board.nodeId) void this.#hear(message);
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
  }

  /** The result is that of this node; nobody waits for the others. */
  revoke(revocation: Revocation): Promise<RecheckResult> {
    const told = 'token' in revocation ? { tokenHash: hashOf(revocation.token) } : revocation;
    this.#untold.push(Buffer.from(JSON.stringify(told)));
    if (this.#untold.length > maxUntold) this.#untold.shift();
    void this.#tell();
    return this.#options.revokeHere(revocation);
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const { board, log } = this.#options;
    for (let [next] = this.#untold; next && !this.#isStopped; [next] = this.#untold) {
      try {
        await board.post(next);
        if (this.#untold[0] === next) this.#untold.shift();
      } catch (error) {
        log.debug({ cause: String(error) }, 'a revocation is told to other nodes later');
        await delay(retryMs, undefined, { ref: false });
      }
    }
    this.#isTelling = false;
  }

  async #hear(message: Uint8Array): Promise<void> {
    const { revokeHere, log } = this.#options;
    try {
      const revocation = this.#read(JSON.parse(Buffer.from(message).toString()));
      if (revocation) await revokeHere(revocation);
    } catch (error) {
      log.warn({ cause: String(error) }, 'a revocation of another node could not be followed');
    }
  }

  #read(told: unknown): Revocation | null {
    const [userId, recordId, tokenHash] = ['userId', 'recordId', 'tokenHash'].map((key) =>
      fieldOf(told, key),
    );
    if (typeof userId === 'string') return { userId };
    if (typeof recordId === 'string') return { recordId };
    const token = [...this.#options.tokensHere()].find((known) => hashOf(known) === tokenHash);
    return token === undefined ? null : { token };
  }
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64');
}
