/**
 * One feed for several nodes: one of them watches the folder and numbers what changes, and all tell the same.
 *
 * Who watches has a lease. What it finds goes into the archive first, and into the feeds from there, so that every node
 * has the same numbers and the same past, and whoever comes to another node goes on where they were. Who takes over
 * compares the folder with the archive, and so finds what changed while nobody watched.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Leases } from '../../server/leases.ts';
import type { Logger } from '../../server/ports.ts';
import { Turns } from '../../server/turns.ts';
import type { SpecArchive } from './archive.ts';
import type { SpecMetadata } from './events.ts';
import type { Publication, SpecFeed, SpecState } from './feed.ts';
import type { SpecTarget } from './watcher.ts';

export interface SharedSpecsOptions {
  readonly feed: SpecFeed;
  readonly archive: SpecArchive;
  readonly leases: Leases;
  /** Watches the folder, from `start` to `stop`. */
  readonly watcherTo: (target: SpecTarget) => { start(): Promise<void>; stop(): Promise<void> };
  readonly log: Logger;
}

const lease = 'specs';

/** So often it is seen whether another node watches by now. */
const lookEveryMs = 1_000;

/** Between two tries to put something into the archive. */
const retryMs = 200;

/** One time of watching. */
interface Watch {
  readonly token: string;
  readonly watcher: { stop(): Promise<void> };
  /** What was found and is not in the archive, by id. */
  readonly found: Map<string, SpecState>;
  isSending: boolean;
}

export class SharedSpecs {
  readonly #options: SharedSpecsOptions;
  /** Of the texts that are in the archive. */
  readonly #textHashes = new Map<string, string>();
  /** Whether the feed is that of the archive. */
  #hasBegun = false;
  #watch: Watch | undefined;
  /** No answer of the archive comes after a newer publication. */
  readonly #turns = new Turns();
  #stopFollowing: () => void = () => undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: SharedSpecsOptions) {
    this.#options = options;
  }

  start(): void {
    const { archive, leases } = this.#options;
    this.#stopFollowing = archive.follow((publication) => this.#hear(publication));
    leases.want(lease, () => this.#takeOver());
    this.#looking = setInterval(() => {
      if (this.#watch && !this.#mayGoOn(this.#watch)) this.#stopWatching();
    }, lookEveryMs);
    this.#looking.unref();
  }

  stop(): void {
    clearInterval(this.#looking);
    this.#stopFollowing();
    this.#stopWatching();
  }

  #hear(publication: Publication | null): Promise<void> {
    const { feed } = this.#options;
    return this.#turns.take('', async () => {
      const { newest } = feed.current();
      if (this.#hasBegun && publication && publication.number <= newest) return;
      if (this.#hasBegun && publication?.number === newest + 1) feed.take(publication);
      else await this.#compare(null);
    });
  }

  /** @param token of the lease, when this node is to put right what the archive lacks */
  #readAll(token: string | null): Promise<void> {
    return this.#turns.take('', () => this.#compare(token));
  }

  async #compare(token: string | null): Promise<void> {
    const { archive, feed } = this.#options;
    const { specs, epoch, newest } = feed.current();
    const known = await archive.read();
    const isBehind = known === null || (known.epoch === epoch && known.newest < newest);
    if (this.#hasBegun && isBehind) {
      // Redis has lost what was told: its numbers must not be given twice.
      const textHashOf = (id: string) => this.#textHashes.get(id) ?? null;
      const all = [...specs.values()].map((metadata) => ({ metadata, textHash: textHashOf(metadata.id) }));
      if (token !== null) await archive.begin(token, all);
      return;
    }
    if (!known) return;
    this.#textHashes.clear();
    for (const { metadata, textHash } of known.specs) {
      if (textHash !== null) this.#textHashes.set(metadata.id, textHash);
    }
    feed.follow({ ...known, specs: known.specs.map(({ metadata }) => metadata) });
    this.#hasBegun = true;
  }

  async #takeOver(): Promise<void> {
    const { leases, watcherTo, feed, log } = this.#options;
    this.#stopWatching();
    const token = leases.tokenOf(lease);
    if (token === null) return;
    // What the one before has told, this one must not tell again.
    await this.#readAll(token);
    const watcher = watcherTo({
      fill: (specs, textHashes) => void this.#fill(watch, specs, textHashes),
      publish: (states) => this.#find(watch, states),
      statistics: feed.statistics,
    });
    const watch: Watch = { token, watcher, found: new Map(), isSending: false };
    this.#watch = watch;
    log.info({}, 'this node watches the spec files for all');
    void watcher.start();
  }

  #mayGoOn({ token }: Watch): boolean {
    return this.#options.leases.tokenOf(lease) === token;
  }

  #stopWatching(): void {
    void this.#watch?.watcher.stop();
    this.#watch = undefined;
  }

  /** The folder has been read: what is there differs from what the archive says, or is its beginning. */
  async #fill(
    watch: Watch,
    specs: readonly SpecMetadata[],
    textHashes: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { archive, feed, log } = this.#options;
    const stored = specs.map((metadata) => ({ metadata, textHash: textHashes.get(metadata.id) ?? null }));
    while (!this.#hasBegun && this.#watch === watch) {
      try {
        await archive.begin(watch.token, stored);
        await this.#readAll(null);
      } catch (error) {
        log.debug({ cause: String(error) }, 'spec files are told to other nodes later');
        await delay(retryMs, undefined, { ref: false });
      }
    }
    const ids = new Set(specs.map(({ id }) => id));
    const gone = [...feed.current().specs.keys()].filter((id) => !ids.has(id));
    this.#find(watch, [
      ...gone.map((id) => ({ id, metadata: null, hasNewText: false })),
      ...stored.map(({ metadata, textHash }) => ({
        id: metadata.id,
        metadata,
        hasNewText: false,
        ...(textHash !== null && { textHash }),
      })),
    ]);
  }

  #find(watch: Watch, states: readonly SpecState[]): void {
    for (const state of states) watch.found.set(state.id, state);
    if (!watch.isSending) void this.#send(watch);
  }

  /** Compares with what is in the archive, however often it takes. */
  async #send(watch: Watch): Promise<void> {
    watch.isSending = true;
    while (watch.found.size > 0 && this.#watch === watch && this.#mayGoOn(watch)) {
      const states = [...watch.found.values()];
      try {
        await this.#publish(watch.token, states);
        for (const state of states) if (watch.found.get(state.id) === state) watch.found.delete(state.id);
      } catch (error) {
        this.#options.log.debug({ cause: String(error) }, 'spec files are told to other nodes later');
        await delay(retryMs, undefined, { ref: false });
        // Perhaps it has arrived all the same.
        await this.#readAll(watch.token).catch(() => undefined);
      }
    }
    watch.isSending = false;
  }

  async #publish(token: string, states: readonly SpecState[]): Promise<void> {
    const { feed, archive } = this.#options;
    const now = new Map(states.map(({ id, textHash }) => [id, textHash]));
    const compared = states.map((state) => ({ ...state, hasNewText: this.#hasNewText(state) }));
    for (const publication of feed.differences(compared)) {
      const textHashes = new Map<string, string>();
      for (const { id } of publication.changes) {
        const textHash = now.get(id);
        if (textHash !== undefined) textHashes.set(id, textHash);
      }
      await archive.append(token, publication, textHashes, feed.current().oldest + 1);
      for (const [id, textHash] of textHashes) this.#textHashes.set(id, textHash);
      await this.#hear(publication);
    }
  }

  #hasNewText({ id, textHash }: SpecState): boolean {
    const known = this.#textHashes.get(id);
    return known !== undefined && textHash !== undefined && known !== textHash;
  }
}
