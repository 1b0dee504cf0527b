/**
 * Which spec each file is, and what a change of files means for the specs.
 *
 * Two files may claim one id. The one whose path comes first has it, whatever the order in which they were found, and
 * says so in its warnings; when it goes, the other one takes its place.
 */
import type { SpecMetadata } from './events.ts';
import type { SpecState } from './feed.ts';
import type { SpecFile } from './spec-folder.ts';

export class SpecCatalog {
  readonly #files = new Map<string, SpecFile>();
  /** Paths by the id that their files claim. */
  readonly #paths = new Map<string, Set<string>>();
  /** By id, of the text that was last told. */
  readonly #textHashes = new Map<string, string>();

  get paths(): IterableIterator<string> {
    return this.#files.keys();
  }

  fileAt(path: string): SpecFile | undefined {
    return this.#files.get(path);
  }

  /** Takes in what files are now, `null` for those that are gone, and returns what that makes of their specs. */
  update(files: Iterable<readonly [path: string, file: SpecFile | null]>): SpecState[] {
    const ids = new Set<string>();
    for (const [path, file] of files) {
      const before = this.#files.get(path);
      if (before) ids.add(this.#release(path, before));
      if (file) ids.add(this.#claim(path, file));
    }
    return [...ids].map((id) => this.#stateOf(id));
  }

  /** Every spec as it is now. */
  all(): SpecMetadata[] {
    return [...this.#paths.keys()].flatMap((id) => this.#stateOf(id).metadata ?? []);
  }

  /** By id, of the texts that were last told. */
  get textHashes(): ReadonlyMap<string, string> {
    return this.#textHashes;
  }

  #claim(path: string, file: SpecFile): string {
    const { id } = file.spec.metadata;
    this.#files.set(path, file);
    const paths = this.#paths.get(id) ?? new Set();
    this.#paths.set(id, paths.add(path));
    return id;
  }

  #release(path: string, file: SpecFile): string {
    const { id } = file.spec.metadata;
    this.#files.delete(path);
    const paths = this.#paths.get(id);
    paths?.delete(path);
    if (paths?.size === 0) this.#paths.delete(id);
    return id;
  }

  #stateOf(id: string): SpecState {
    const [first, ...others] = [...(this.#paths.get(id) ?? [])].sort();
    const spec = first === undefined ? undefined : this.#files.get(first)?.spec;
    if (!spec) {
      this.#textHashes.delete(id);
      return { id, metadata: null, hasNewText: false };
    }
    const told = this.#textHashes.get(id);
    this.#textHashes.set(id, spec.textHash);
    const hasNewText = told !== undefined && told !== spec.textHash;
    return { id, metadata: withOthers(spec.metadata, others), hasNewText, textHash: spec.textHash };
  }
}

function withOthers(metadata: SpecMetadata, others: readonly string[]): SpecMetadata {
  const [other] = others;
  if (other === undefined) return metadata;
  const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
  return { ...metadata, warnings: [...metadata.warnings, `${other}${more} has the same id.`] };
}
