/**
 * Whose is a Yjs client? It belongs to the user who first used it.
 *
 * Every window of an editor draws an id for its client, and numbers what it types. Two who use one id would lose each
 * other's words: Yjs takes what is numbered the same for the same. So nobody may go on in the client of somebody else.
 * A user may in theirs, who comes back, has a second window, or has a copy of it in their browser.
 *
 * A client becomes a user's when their connection announces it, as editors do before anything is typed, or else with
 * the first edit that is in this client alone. Kept with the snapshots, and found again in the journal.
 *
 * The guard asks here about what an update has beyond the document. In an edit, that must be its author's. In an exchange
 * of states it may be another's, as long as that other was not here since the document was opened: a server that was
 * killed has shown to others what it did not keep, and whoever comes back first brings it. Once the owner has exchanged
 * states as well, the server has all of theirs, and what others bring beyond that is forged. So a page on which somebody
 * else signs in has to begin with a new `Y.Doc`, and what a browser keeps of documents has to be kept for each user.
 */
import { parseUpdateMeta } from 'yjs';

/** Whose clients are whose, as it is stored: pairs, the one that came last behind the others. */
export type StoredOwners = readonly (readonly [clientId: number, userId: string])[];

/** Of one user in one document: each opening of a page is one, and few of them are still open. */
const maxPerUser = 100;

/** So many go with a snapshot. */
const maxStored = 256;

/** Owns what the server has edited: no user has it. */
const serverId = '';

export class ClientOwners {
  readonly #documents = new Map<string, DocumentOwners>();

  of(documentName: string): DocumentOwners {
    const owners = this.#documents.get(documentName) ?? new DocumentOwners();
    this.#documents.set(documentName, owners);
    return owners;
  }

  forget(documentName: string): void {
    this.#documents.delete(documentName);
  }
}

export class DocumentOwners {
  /** In the order in which they came. */
  readonly #users = new Map<number, string>();

  /** Those whose owner was here since the document was opened, with everything that they had. */
  readonly #back = new Set<number>();
  readonly #counts = new Map<string, number>();

  ownerOf(clientId: number): string | undefined {
    return this.#users.get(clientId);
  }

  /** Makes a client that is nobody's yet this user's; `false` when it is another's. */
  claim(clientId: number, userId: string): boolean {
    const owner = this.#users.get(clientId);
    if (owner !== undefined) return owner === userId;
    this.#users.set(clientId, userId);
    const count = (this.#counts.get(userId) ?? 0) + 1;
    this.#counts.set(userId, count);
    if (count > maxPerUser) this.#dropOldest(userId);
    return true;
  }

  /** Its owner is here, and the server has all that they had in this client. */
  isBack(clientId: number): boolean {
    return this.#back.has(clientId);
  }

  cameBack(clientId: number): void {
    if (this.#users.has(clientId)) this.#back.add(clientId);
  }

  /** A stored edit: of this user, or of the server. */
  learn(update: Uint8Array, user: { readonly id: string } | null): void {
    const [clientId, ...others] = parseUpdateMeta(update).to.keys();
    // An edit in several is one that somebody carried for others.
    if (clientId !== undefined && others.length === 0) this.claim(clientId, user?.id ?? serverId);
  }

  restore(stored: StoredOwners): void {
    for (const [clientId, userId] of stored) this.claim(clientId, userId);
  }

  stored(): StoredOwners {
    return [...this.#users].slice(-maxStored);
  }

  #dropOldest(userId: string): void {
    for (const [clientId, owner] of this.#users) {
      if (owner !== userId) continue;
      this.#users.delete(clientId);
      this.#back.delete(clientId);
      this.#counts.set(userId, maxPerUser);
      return;
    }
  }
}
