/**
 * What several nodes know of the specs together: the newest state of each, and the last publications with their numbers.
 */
import type { SpecMetadata } from './events.ts';
import type { KnownSpecs, Publication } from './feed.ts';

export interface StoredSpec {
  readonly metadata: SpecMetadata;
  /** Of its text. */
  readonly textHash: string | null;
}

export interface ArchivedSpecs extends Omit<KnownSpecs, 'specs'> {
  readonly specs: readonly StoredSpec[];
}

export interface SpecArchive {
  /** Everything, as it was at one moment; `null` when nobody has begun. */
  read(): Promise<ArchivedSpecs | null>;
  /**
   * Puts these in the place of all that was there, under new numbers.
   *
   * @param token of the lease under which this is done
   * @throws when another node has it
   */
  begin(token: string, specs: readonly StoredSpec[]): Promise<void>;
  /**
   * Adds what comes next, and keeps the hashes of its texts, by id. What is older than number `oldest` need not stay.
   *
   * @throws when it is not the next one, or another node has the lease
   */
  append(
    token: string,
    publication: Publication,
    textHashes: ReadonlyMap<string, string>,
    oldest: number,
  ): Promise<void>;
  /**
   * Hands over what is there and what comes, in order, and `null` where somebody has begun anew; while it is not taken
   * it comes again. Returns a function that ends this.
   */
  follow(onNext: (publication: Publication | null) => Promise<void>): () => void;
}
