/**
 * What do the other nodes do in this room?
 *
 * Each node follows the journals of its open documents and applies what others wrote. One of them keeps the document:
 * it alone writes its snapshots and its record's draft, under a lease; when it goes, the next one reads in the ledger
 * how far it came. A node that fell behind further than the journal goes back opens the document anew, and so do all
 * when somebody has begun it from another text.
 */
import { hash } from 'node:crypto';
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  Document,
  Extension,
  Hocuspocus,
  onConfigurePayload,
} from '@hocuspocus/server';
import { applyUpdate } from 'yjs';
import type { ClientOwners } from '../server/client-owners.ts';
import { RealtimeError } from '../server/errors.ts';
import type { Leases } from '../server/leases.ts';
import type { OpeningAnew, WhyAnew } from '../server/opening-anew.ts';
import type { Journal, JournalEntry, Ledger } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import { followedFrom } from './followed.ts';
import type { Persistence } from './persistence.ts';
import type { RecordSync } from './record-sync.ts';
import type { Sources } from './sources.ts';

export interface ClusterOptions {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly leases: Leases;
  readonly sources: Sources;
  readonly owners: ClientOwners;
  readonly persistence: Pick<Persistence, 'takeOver'>;
  readonly recordSync: Pick<RecordSync, 'owe'>;
  readonly openingAnew: Pick<OpeningAnew, 'openAnew'>;
}

/** One open document. */
interface Followed {
  readonly document: Document;
  /** Of what the document began with here, while nothing in the journal says so; else `null`. */
  seed: string | null;
  stop: () => void;
}

export class Cluster implements Extension<ConnectionContext> {
  readonly #options: ClusterOptions;
  readonly #followed = new Map<string, Followed>();
  #instance: Hocuspocus | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async afterLoadDocument({ document }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const { journal, sources, leases } = this.#options;
    const { name: documentName } = document;
    const { position, seed } = sources.of(documentName);
    const followed: Followed = { document, seed: seed && fingerprintOf(seed), stop: () => undefined };
    this.#followed.set(documentName, followed);
    try {
      followed.stop = await journal.follow(documentName, position, {
        onEntry: (entry, isOwn) => this.#take(followed, entry, isOwn),
        onTrimmed: () => void this.openAnew(documentName, 'document-not-loaded'),
      });
      // Somebody else has begun it, or the journal went on without it, before anybody here came in.
      if (this.#followed.get(documentName) !== followed) throw new RealtimeError('document-not-loaded');
    } catch (error) {
      followed.stop();
      if (this.#followed.get(documentName) === followed) this.#followed.delete(documentName);
      // Hocuspocus forgets a document that failed to load, but not its timers.
      document.destroy();
      throw error;
    }
    leases.want(documentName, () => this.#keep(documentName));
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#followed.get(documentName)?.stop();
    this.#followed.delete(documentName);
    this.#options.leases.leave(documentName);
  }

  async onDestroy(): Promise<void> {
    for (const { stop } of this.#followed.values()) stop();
    this.#followed.clear();
  }

  #take(followed: Followed, entry: JournalEntry, isOwn: boolean): void {
    const { document } = followed;
    const { name: documentName } = document;
    const { sources, owners, recordSync } = this.#options;
    if (this.#followed.get(documentName) !== followed) return;
    if (!isOwn) {
      const isOther = entry.base !== null && fingerprintOf(entry.update) !== followed.seed;
      if (isOther) return void this.openAnew(documentName, 'document-replaced');
      // What this node began with is in the journal now, by somebody else's hand.
      if (entry.base) sources.takeSeed(documentName);
      owners.of(documentName).learn(entry.update, entry.user);
      applyUpdate(document, entry.update, followedFrom(entry.user));
    }
    if (entry.base) followed.seed = null;
    sources.journaled(documentName, entry.position, [entry]);
    recordSync.owe(documentName);
  }

  /** From now on this node keeps the document: what the one before has done is in the ledger. */
  async #keep(documentName: string): Promise<void> {
    const { ledger, sources, persistence, recordSync } = this.#options;
    if (!this.#followed.has(documentName)) return;
    const entry = await ledger.recall(documentName);
    if (!this.#followed.has(documentName)) return;
    if (entry) sources.recalled(documentName, entry);
    // Once it is held, which is right behind this.
    setImmediate(() => {
      if (!this.#followed.has(documentName)) return;
      persistence.takeOver(documentName);
      if (sources.of(documentName).owesWriteback) recordSync.owe(documentName);
    });
  }

  /** Everybody comes back to the document as it is stored. */
  async openAnew(documentName: string, code: WhyAnew): Promise<void> {
    const followed = this.#followed.get(documentName);
    if (!followed || !this.#instance) return;
    followed.stop();
    this.#followed.delete(documentName);
    await this.#options.openingAnew.openAnew(this.#instance, followed.document, code);
  }
}

function fingerprintOf(update: Uint8Array): string {
  return hash('sha256', update, 'base64');
}
