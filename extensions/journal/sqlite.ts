/**
 * Keeps the journal and the ledger in one SQLite file, through Node's own `node:sqlite` in a worker thread.
 *
 * Group commit: while one commit is on its way to the disk, and for some milliseconds after it, the entries of all
 * documents that come meanwhile wait, and go into the next one together. So the busier the server, the fewer commits
 * an edit costs.
 */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Base } from '../../markdown/index.ts';
import type {
  Follower,
  Journal,
  JournalContent,
  JournalEntry,
  Ledger,
  LedgerEntry,
  NewJournalEntry,
  Position,
} from '../../server/ports.ts';
import { WorkerCalls, workerBeside } from '../../server/worker-calls.ts';
import type { AppendCall, ChangedTexts, JournalRow, SqliteJournalMethods } from './sqlite-worker.ts';

/** @throws Error when the file cannot be opened, or was written by another version */
export async function openSqliteJournal(file: string): Promise<Journal & Ledger> {
  await mkdir(dirname(file), { recursive: true });
  const journal = new SqliteJournal(file);
  await journal.owing().catch((cause: Error) => {
    throw new Error(`the journal in ${file} cannot be opened: ${cause.message}`, { cause });
  });
  return journal;
}

/**
 * From one commit to the next, in ms. A commit costs about a quarter of a millisecond of CPU, in three threads, for
 * one edit or for many; nobody sees that an acknowledgement comes six milliseconds later.
 */
const commitEveryMs = 6;

interface WaitingAppend {
  readonly documentName: string;
  readonly entries: readonly NewJournalEntry[];
  resolve(position: Position): void;
  reject(error: Error): void;
}

type Texts = Pick<LedgerEntry, 'base' | 'restored'>;

interface Following {
  readonly follower: Follower;
  /** Sequence of the last entry that was handed over. */
  last: number;
  /** What became durable while the entries before it were being read. */
  waiting: JournalEntry[] | null;
}

class SqliteJournal implements Journal, Ledger {
  readonly isShared = false;
  readonly #worker: WorkerCalls<SqliteJournalMethods>;
  #waiting: WaitingAppend[] = [];
  #committing: Promise<void> | undefined;
  /** In monotonic ms. */
  #lastCommitAt = Number.NEGATIVE_INFINITY;
  readonly #followers = new Map<string, Set<Following>>();
  /** What the ledger was given last for each document, and whether it has it; known as long as somebody keeps it. */
  readonly #lastTexts = new Map<string, { readonly texts: WeakRef<Base>[]; isStored: boolean }>();

  constructor(file: string) {
    const url = workerBeside(import.meta.url, 'sqlite-worker');
    this.#worker = new WorkerCalls(url, { file }, 'the journal is closed');
  }

  append(documentName: string, entries: readonly NewJournalEntry[]): Promise<Position> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ documentName, entries, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  async read(documentName: string, after: Position | null): Promise<JournalContent> {
    const { rows, damaged, isComplete } = await this.#worker.call('read', documentName, sequenceOf(after));
    return { entries: rows.map(entryOf), damaged, isComplete };
  }

  trim(documentName: string, through: Position): Promise<void> {
    return this.#worker.call('trim', documentName, sequenceOf(through));
  }

  async follow(documentName: string, after: Position | null, follower: Follower): Promise<() => void> {
    const following: Following = { follower, last: sequenceOf(after), waiting: [] };
    const followers = this.#followers.get(documentName) ?? new Set();
    this.#followers.set(documentName, followers.add(following));
    const stop = () => {
      followers.delete(following);
      if (followers.size === 0 && this.#followers.get(documentName) === followers) {
        this.#followers.delete(documentName);
      }
    };
    try {
      const { entries, isComplete } = await this.read(documentName, after);
      if (!isComplete && after !== null) {
        stop();
        follower.onTrimmed();
        return stop;
      }
      for (const entry of [...entries, ...(following.waiting ?? [])]) handOver(following, entry);
      following.waiting = null;
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  async recall(documentName: string): Promise<LedgerEntry | null> {
    return this.#worker.call('ledger', documentName);
  }

  sending(documentName: string, entry: Omit<LedgerEntry, 'owesWriteback'>): Promise<void> {
    return this.#withTexts(documentName, entry, (changed) =>
      this.#worker.call('sending', documentName, changed, entry.unconfirmed),
    );
  }

  settle(documentName: string, through: Position | null, entry: Texts): Promise<void> {
    return this.#withTexts(documentName, entry, (changed) =>
      this.#worker.call('settle', documentName, changed, sequenceOf(through)),
    );
  }

  owing(): Promise<string[]> {
    return this.#worker.call('owing');
  }

  async close(): Promise<void> {
    // What was asked for before is done first.
    await this.#committing;
    await this.#worker.call('close').catch(() => undefined);
    await this.#worker.close();
  }

  /** Hands over the texts, but for those that the call before has stored. */
  async #withTexts(
    documentName: string,
    { base, restored }: Texts,
    store: (changed: ChangedTexts) => Promise<void>,
  ): Promise<void> {
    const before = this.#lastTexts.get(documentName);
    const stored = before?.isStored ? before.texts.map((text) => text.deref()) : [];
    const last = {
      texts: [base, ...(restored ? [restored] : [])].map((text) => new WeakRef(text)),
      isStored: false,
    };
    this.#lastTexts.set(documentName, last);
    await store({
      ...(stored[0] === base ? {} : { base }),
      ...(restored && stored[1] === restored ? {} : { restored }),
    });
    last.isStored = true;
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#untilNextCommit();
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const sequences = await this.#worker.call('append', batch.map(callOf));
        for (const [index, append] of batch.entries()) this.#appended(append, sequences[index] as number);
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#committing = undefined;
  }

  /** Whatever else arrives by then goes along. */
  async #untilNextCommit(): Promise<void> {
    const waitMs = this.#lastCommitAt + commitEveryMs - performance.now();
    // A lone edit goes with what arrives in the same turn of the event loop.
    await (waitMs > 0 ? delay(waitMs) : new Promise((resolve) => setImmediate(resolve)));
    this.#lastCommitAt = performance.now();
  }

  #appended({ documentName, entries, resolve }: WaitingAppend, last: number): void {
    resolve(String(last));
    const first = last - entries.length + 1;
    for (const following of this.#followers.get(documentName) ?? []) {
      for (const [index, entry] of entries.entries()) {
        const durable = { ...entry, position: String(first + index) };
        if (following.waiting) following.waiting.push(durable);
        else handOver(following, durable);
      }
    }
  }
}

function handOver(following: Following, entry: JournalEntry): void {
  if (sequenceOf(entry.position) <= following.last) return;
  following.last = sequenceOf(entry.position);
  following.follower.onEntry(entry, true);
}

function callOf({ documentName, entries }: WaitingAppend): AppendCall {
  const rows = entries.map(({ update, user, at, base }) => ({
    update: withOwnBuffer(update),
    userId: user?.id ?? null,
    userName: user?.name ?? null,
    at,
    base: base && JSON.stringify(base),
  }));
  return { documentName, rows };
}

/** A view of a larger buffer would take the whole of it along to the other thread. */
function withOwnBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function entryOf({ sequence, update, userId, userName, at, base }: JournalRow): JournalEntry {
  return {
    position: String(sequence),
    update,
    user: userId === null ? null : { id: userId, name: userName ?? '' },
    at,
    base: base === null ? null : (JSON.parse(base) as Base),
  };
}

function sequenceOf(position: Position | null): number {
  return position === null ? 0 : Number(position);
}
