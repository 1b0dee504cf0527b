/**
 * Did the record change outside while the document slept, or while it was open?
 *
 * Whoever comes into a room gets its document at once; the record is looked at beside that, and a difference enters
 * the document as an edit. While somebody types the record is compared with every draft that is written; while nobody
 * does it is looked at from time to time, gently: each look is a request, or two, of those that CivicPress counts.
 */
import type {
  afterLoadDocumentPayload,
  afterUnloadDocumentPayload,
  connectedPayload,
  Extension,
  Hocuspocus,
  onConfigurePayload,
} from '@hocuspocus/server';
import type { ConnectionContext } from '../server/session.ts';
import type { RecordSync } from './record-sync.ts';
import type { Sources } from './sources.ts';

export interface ExternalEditsOptions {
  readonly sources: Pick<Sources, 'of' | 'seenAt'>;
  readonly recordSync: Pick<RecordSync, 'check' | 'look'>;
  /** How long ago the record of an open document was seen when it is looked at again, in ms; 0: it never is. */
  readonly pollMs: number;
}

/** The newcomers get the document before the record is read, which for a long one is work. */
const afterJoinMs = 200;

/** A record that was seen this short a time ago is not read again. */
const freshMs = 2_000;

/**
 * CivicPress takes 1,000 requests in 15 minutes: no more than 200 looks, however many rooms are open. Each is one
 * request, or two where there is a draft.
 */
const shortestPauseMs = (15 * 60_000) / 200;

export class ExternalEdits implements Extension<ConnectionContext> {
  readonly #options: ExternalEditsOptions;

  /** Checks that are about to begin, by document. */
  readonly #upcoming = new Map<string, NodeJS.Timeout>();

  /** When the record of each open document was last looked at, answer or none, in monotonic ms. */
  readonly #lookedAt = new Map<string, number>();
  readonly #polling: NodeJS.Timeout | undefined;
  #instance: Hocuspocus | undefined;

  constructor(options: ExternalEditsOptions) {
    this.#options = options;
    const { pollMs } = options;
    if (pollMs === 0) return;
    this.#polling = setInterval(() => this.#lookAtOne(), Math.min(shortestPauseMs, pollMs));
    this.#polling.unref();
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async afterLoadDocument({ documentName }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    this.#lookedAt.set(documentName, performance.now());
  }

  async connected({ instance, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    const ageMs = performance.now() - this.#options.sources.of(documentName).seenAt;
    if (ageMs < freshMs || this.#upcoming.has(documentName)) return;
    const check = setTimeout(() => {
      this.#upcoming.delete(documentName);
      if (instance.documents.has(documentName)) void this.#options.recordSync.check(documentName);
    }, afterJoinMs);
    this.#upcoming.set(documentName, check);
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#lookedAt.delete(documentName);
  }

  async onDestroy(): Promise<void> {
    clearInterval(this.#polling);
    for (const check of this.#upcoming.values()) clearTimeout(check);
  }

  /** At the one that was not looked at for longest, if that is long enough; rooms with somebody in them come first. */
  #lookAtOne(): void {
    const { sources, recordSync, pollMs } = this.#options;
    const due = [...this.#lookedAt]
      .map(([documentName, lookedAt]) => {
        const at = Math.max(lookedAt, sources.seenAt(documentName) ?? 0);
        const connections = this.#instance?.documents.get(documentName)?.getConnectionsCount() ?? 0;
        return { documentName, ageMs: performance.now() - at, isEmpty: connections === 0 };
      })
      .filter(({ ageMs }) => ageMs >= pollMs);
    const [oldest] = due.toSorted(
      (one, other) => Number(one.isEmpty) - Number(other.isEmpty) || other.ageMs - one.ageMs,
    );
    if (!oldest) return;
    this.#lookedAt.set(oldest.documentName, performance.now());
    void recordSync.look(oldest.documentName);
  }
}
