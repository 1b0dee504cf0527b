/**
 * Makes a revocation count at every node: the one that hears of it tells the others.
 *
 * A token does not travel: the others recognize it by its hash, when somebody is in with it.
 */
import { hash } from 'node:crypto';
import type { RecheckResult } from '../extensions/rights.ts';
import { fieldOf } from './civicpress/client.ts';
import type { NodeBus } from './node-bus.ts';
import type { Logger, Revocation } from './ports.ts';

export interface SharedRevocationsOptions {
  readonly bus: NodeBus;
  /** At this node. */
  readonly revokeHere: (revocation: Revocation) => Promise<RecheckResult>;
  /** With which somebody is in at this node. */
  readonly tokensHere: () => Iterable<string>;
  readonly log: Logger;
}

const topic = 'revocations';

export class SharedRevocations {
  readonly #options: SharedRevocationsOptions;
  readonly stop: () => void;

  constructor(options: SharedRevocationsOptions) {
    this.#options = options;
    this.stop = options.bus.listen(topic, {
      onMessage: (nodeId, message) => {
        if (nodeId !== options.bus.nodeId) void this.#hear(message);
      },
      // What was missed the next re-check brings.
      onListening: () => undefined,
    });
  }

  /** The result is that of this node; nobody waits for the others. */
  revoke(revocation: Revocation): Promise<RecheckResult> {
    const told = 'token' in revocation ? { tokenHash: hashOf(revocation.token) } : revocation;
    this.#options.bus.tell(topic, Buffer.from(JSON.stringify(told)));
    return this.#options.revokeHere(revocation);
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
