/**
 * Looks beneath drafts: CivicPress shows an editor the draft alone, and not that its record was archived or published
 * anew meanwhile. Each look is a request of those that it counts, so there is one in a while.
 */
import type { RecordText } from '../ports.ts';

export type Beneath = Required<Pick<RecordText, 'published' | 'isArchived'>>;

/** A record with a draft is looked at again after this. */
const freshMs = 20_000;

/** Beyond so many, the one that was looked at longest ago is looked at anew. */
const maxKnown = 10_000;

interface Look {
  /** In monotonic ms. */
  readonly at: number;
  readonly isArchived: boolean;
}

export class BeneathDrafts {
  readonly #read: (recordId: string) => Promise<Beneath | null>;
  readonly #now: () => number;

  /** Of records that had a draft, in the order of the looks. */
  readonly #looks = new Map<string, Look>();

  /** @param read resolves with `null` when nothing is published */
  constructor(read: (recordId: string) => Promise<Beneath | null>, now = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  /** For a record that had a draft before, when it is time; else `null`. */
  async lookIfDue(recordId: string): Promise<Partial<Beneath> | null> {
    const last = this.#looks.get(recordId);
    return last && this.#now() - last.at >= freshMs ? this.#look(recordId) : null;
  }

  /** For a record that has a draft: what was seen, and that it is archived also when that was a while ago. */
  async lookOnce(recordId: string): Promise<Partial<Beneath>> {
    const last = this.#looks.get(recordId);
    return last ? { isArchived: last.isArchived } : this.#look(recordId);
  }

  /** The record has no draft. */
  forget(recordId: string): void {
    this.#looks.delete(recordId);
  }

  async #look(recordId: string): Promise<Partial<Beneath>> {
    const at = this.#now();
    const beneath = await this.#read(recordId);
    this.#looks.delete(recordId);
    this.#looks.set(recordId, { at, isArchived: beneath?.isArchived ?? false });
    const oldest = this.#looks.keys().next().value;
    if (this.#looks.size > maxKnown && oldest !== undefined) this.#looks.delete(oldest);
    return beneath ?? {};
  }
}
