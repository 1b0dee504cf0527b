/**
 * Keeps the journal in Redis, one stream for each document, and the ledger beside it; shared by many nodes.
 *
 * An append is one command, whatever the size of the document: Redis adds it to the stream and tells every node that
 * follows, in one step. Those that ask at the same time go in one round trip. Who was cut off reads on from the last
 * id that it has seen. How safe an acknowledged edit is, Redis' own settings decide; the log says it at the start.
 */
import { hash } from 'node:crypto';
import type { Base } from '../../markdown/index.ts';
import { BegunAnew } from '../../server/begun-anew.ts';
import type {
  Follower,
  Journal,
  JournalContent,
  JournalEntry,
  Ledger,
  LedgerEntry,
  Logger,
  NewJournalEntry,
  Position,
} from '../../server/ports.ts';
import type { RedisConnections } from '../../server/redis/connections.ts';
import type { ScriptCall } from '../../server/redis/script.ts';
import type { Subscriptions } from '../../server/redis/subscriptions.ts';
import { decodeEntries, encodeEntries } from './entry-format.ts';
import { durabilityOf } from './redis-durability.ts';
import { RedisFollowing, type StreamEntry } from './redis-following.ts';
import { appendScript, beginScript, channelOf, noteScript, trimScript } from './redis-scripts.ts';
import { idBehind, isBehind } from './stream-id.ts';
import { changedBy, changeFrom, compressed, decompressed } from './text-changes.ts';

export interface RedisJournalOptions {
  readonly connections: RedisConnections;
  readonly subscriptions: Subscriptions;
  /** Begins every key. In braces, so that a Redis Cluster keeps all of them in one place. */
  readonly keyPrefix: string;
  /** Tells this process from the others that append. */
  readonly nodeId: string;
  /** So many replicas have an edit before it is acknowledged. */
  readonly waitReplicas: number;
  /**
   * Of the lease under which this process changes what a document's ledger says and trims its journal; `null` when it
   * has none, and may not.
   */
  readonly tokenOf: (documentName: string) => string | null;
  readonly log: Logger;
}

interface WaitingAppend {
  readonly documentName: string;
  readonly entries: readonly NewJournalEntry[];
  resolve(position: Position): void;
  reject(error: Error): void;
}

type Texts = Pick<LedgerEntry, 'base' | 'restored'>;

/** So many entries are read at once. */
const pageSize = 100;

/** So many documents are asked about at once. */
const owingPageSize = 200;

export function openRedisJournal(options: RedisJournalOptions): Journal & Ledger {
  return new RedisJournal(options);
}

class RedisJournal implements Journal, Ledger {
  readonly isShared = true;
  readonly #options: RedisJournalOptions;
  readonly #following: RedisFollowing;
  #waiting: WaitingAppend[] = [];
  #appending: Promise<void> | undefined;
  #isClosed = false;
  /** What each document begins with, as this process last saw it; empty where it has not begun. */
  readonly #begun = new Map<string, string>();
  /** What the ledger was given last for each document, and under which token; known as long as somebody keeps it. */
  readonly #lastTexts = new Map<string, { readonly texts: WeakRef<Base>[]; readonly token: string }>();
  /** The text of each document that is in Redis as a whole, compressed, and under which token it was put there. */
  readonly #wholes = new Map<string, { readonly packed: Uint8Array; readonly token: string }>();
  /** Changes of the ledger, one behind the other: compressing a long text takes a while. */
  #noting: Promise<unknown> = Promise.resolve();

  constructor(options: RedisJournalOptions) {
    this.#options = options;
    this.#following = new RedisFollowing({
      subscriptions: options.subscriptions,
      channelOf: (documentName) => channelOf(this.#key('journal', documentName)),
      readBehind: (documentName, after) => this.#page(documentName, after),
      onBegun: (documentName, entry) => this.#begun.set(documentName, beginningOf(entry)),
      nodeId: options.nodeId,
      log: options.log,
    });
    const { commands } = options.connections;
    const tell = () => void durabilityOf(commands).then((sentence) => options.log.info({}, sentence));
    if (commands.status === 'ready') tell();
    else commands.once('ready', tell);
  }

  append(documentName: string, entries: readonly NewJournalEntry[]): Promise<Position> {
    if (this.#isClosed) return closed();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ documentName, entries, resolve, reject });
      this.#appending ??= this.#appendAll();
    });
  }

  async read(documentName: string, after: Position | null): Promise<JournalContent> {
    if (this.#isClosed) return closed();
    const ledger = this.#key('ledger', documentName);
    // Asked before the entries: what builds on another beginning than theirs is refused.
    const begun = this.#options.connections.commands.hget(ledger, 'begun');
    begun.catch(() => undefined);
    const entries: JournalEntry[] = [];
    let damaged = 0;
    let isComplete = true;
    for (let last = after; ; ) {
      const page = await this.#page(documentName, last);
      isComplete = isComplete && !(page.trimmed !== null && isBehind(page.trimmed, last));
      for (const { position, content } of page.entries) {
        const decoded = decodeEntries(documentName, content);
        damaged += decoded.damaged;
        for (const entry of decoded.entries) entries.push({ ...entry, position });
        last = position;
      }
      if (page.isLast) break;
    }
    this.#begun.set(documentName, (await begun) ?? '');
    return { entries, damaged, isComplete };
  }

  async trim(documentName: string, through: Position): Promise<void> {
    if (this.#isClosed) return closed();
    await trimScript.run(this.#options.connections.commands, {
      keys: [this.#key('journal', documentName), this.#key('ledger', documentName), this.#key('leases')],
      arguments: [documentName, this.#tokenOf(documentName), through, idBehind(through)],
    });
  }

  async follow(documentName: string, after: Position | null, follower: Follower): Promise<() => void> {
    if (this.#isClosed) return closed();
    const stop = await this.#following.follow(documentName, after, follower);
    return () => {
      stop();
      this.#wholes.delete(documentName);
    };
  }

  onBack(listener: () => void): void {
    this.#options.connections.commands.on('ready', listener);
  }

  recall(documentName: string): Promise<LedgerEntry | null> {
    if (this.#isClosed) return closed();
    if (this.#options.tokenOf(documentName) === null) return this.#recall(documentName, null);
    // In turn with the changes, so that what is remembered of it is what is there.
    const recalled = this.#noting.then(() => this.#recall(documentName, this.#options.tokenOf(documentName)));
    this.#noting = recalled.catch(() => undefined);
    return recalled;
  }

  /** @param token of this process's lease: nobody else changes the ledger, so only what changes from here on is sent */
  async #recall(documentName: string, token: string | null): Promise<LedgerEntry | null> {
    const [noted, last] = await Promise.all([
      this.#options.connections.commands.hmgetBuffer(
        this.#key('ledger', documentName),
        ...['base', 'change', 'restored', 'unconfirmed', 'settled'],
      ),
      this.#lastOf(documentName),
    ]);
    const [packed, change, packedRestored, unconfirmed, settled] = noted;
    if (!packed) return null;
    if (token !== null) this.#wholes.set(documentName, { packed, token });
    const base = change?.length ? await changedBy(packed, change) : await decompressed(packed, {});
    const restored = packedRestored?.length ? (await decompressed(packedRestored, {})).toString() : 'null';
    return {
      base: JSON.parse(base.toString()) as Base,
      restored: JSON.parse(restored) as Base | null,
      owesWriteback: owesBetween(last, settled?.toString()) || restored !== 'null',
      unconfirmed: JSON.parse(unconfirmed?.toString() ?? '[]') as string[],
    };
  }

  sending(documentName: string, entry: Omit<LedgerEntry, 'owesWriteback'>): Promise<void> {
    return this.#note(documentName, entry, { unconfirmed: JSON.stringify(entry.unconfirmed) });
  }

  settle(documentName: string, through: Position | null, entry: Texts): Promise<void> {
    return this.#note(documentName, entry, { unconfirmed: '[]', ...(through && { settled: through }) });
  }

  async owing(): Promise<string[]> {
    if (this.#isClosed) return closed();
    const { commands } = this.#options.connections;
    const documentNames = (await commands.smembers(this.#key('documents'))).sort();
    const owing: string[] = [];
    for (let start = 0; start < documentNames.length; start += owingPageSize) {
      const page = documentNames.slice(start, start + owingPageSize);
      const noted = await Promise.all(
        page.map((documentName) =>
          Promise.all([
            this.#lastOf(documentName),
            commands.hmget(this.#key('ledger', documentName), 'settled', 'restored'),
          ]),
        ),
      );
      owing.push(
        ...page.filter((_, index) => {
          const [last, [settled, restored] = []] = noted[index] ?? [];
          return owesBetween(last, settled) || restored;
        }),
      );
    }
    return owing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#following.close();
    // What was asked for before is done first.
    await this.#appending;
    await this.#noting;
  }

  /** A lone edit goes at once; whatever else arrives while a round trip is under way goes in the next one. */
  async #appendAll(): Promise<void> {
    const { connections, waitReplicas } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const left = await this.#continueAll(batch);
        if (left.length === 0) continue;
        const calls = left.map((append) => this.#callOf(append));
        const outcomes = await beginScript.runAll(connections.commands, calls, waitReplicas);
        for (const [index, outcome] of outcomes.entries()) {
          const append = left[index] as WaitingAppend;
          if ('error' in outcome) append.reject(errorOf(append, outcome.error));
          else append.resolve(this.#appended(append, outcome.reply as [string, string]));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#appending = undefined;
  }

  /** Appends what goes on with a beginning that is known, and returns the rest, in order. */
  async #continueAll(batch: readonly WaitingAppend[]): Promise<readonly WaitingAppend[]> {
    const { connections, waitReplicas, nodeId } = this.#options;
    const appends = new Map<string, number>();
    for (const { documentName } of batch) appends.set(documentName, (appends.get(documentName) ?? 0) + 1);
    // Of one document all go the same way, so that they stay in order.
    const goesOn = ({ documentName, entries }: WaitingAppend) =>
      appends.get(documentName) === 1 && this.#begun.has(documentName) && !entries[0]?.base;
    const usual = batch.filter(goesOn);
    if (usual.length === 0) return batch;
    const calls = usual.map(({ documentName, entries }) => ({
      keys: [this.#key('journal', documentName)],
      arguments: [nodeId, this.#begun.get(documentName) ?? '', encodeEntries(documentName, entries)],
    }));
    const outcomes = await appendScript.runAll(connections.commands, calls, waitReplicas);
    const left = new Set(batch);
    for (const [index, outcome] of outcomes.entries()) {
      const append = usual[index] as WaitingAppend;
      if ('reply' in outcome && outcome.reply === null) continue;
      left.delete(append);
      if ('error' in outcome) append.reject(outcome.error);
      else append.resolve(String(outcome.reply));
    }
    return [...left];
  }

  #callOf({ documentName, entries }: WaitingAppend): ScriptCall {
    const { nodeId } = this.#options;
    const [first, ...others] = entries;
    const seed = first?.base ? first : null;
    const rest = seed ? others : entries;
    return {
      keys: [this.#key('journal', documentName), this.#key('ledger', documentName), this.#key('documents')],
      arguments: [
        documentName,
        nodeId,
        this.#begun.get(documentName) ?? '*',
        seed ? beginningOf(seed) : '',
        seed ? encodeEntries(documentName, [seed]) : '',
        rest.length > 0 ? encodeEntries(documentName, rest) : '',
      ],
    };
  }

  #appended({ documentName }: WaitingAppend, [position, begun]: [Position, string]): Position {
    this.#begun.set(documentName, begun);
    return position;
  }

  async #page(documentName: string, after: Position | null) {
    const stream = this.#key('journal', documentName);
    const [entries, trimmed] = await Promise.all([
      this.#options.connections.commands.xrangeBuffer(
        stream,
        after === null ? '-' : `(${after}`,
        '+',
        'COUNT',
        pageSize,
      ),
      // Looked up behind the entries: what is trimmed in between is noticed.
      this.#options.connections.commands.hget(this.#key('ledger', documentName), 'trimmed'),
    ]);
    return { entries: entries.map(streamEntryOf), trimmed, isLast: entries.length < pageSize };
  }

  /** The position of the newest entry; of one that is trimmed, where no other is left. */
  async #lastOf(documentName: string): Promise<Position | null> {
    const { commands } = this.#options.connections;
    const [[newest], trimmed] = await Promise.all([
      commands.xrevrangeBuffer(this.#key('journal', documentName), '+', '-', 'COUNT', 1),
      commands.hget(this.#key('ledger', documentName), 'trimmed'),
    ]);
    return newest ? newest[0].toString() : trimmed;
  }

  /** One change behind the other; a text that the change before has stored is not sent again. */
  #note(
    documentName: string,
    { base, restored }: Texts,
    fields: Readonly<Record<string, string>>,
  ): Promise<void> {
    if (this.#isClosed) return closed();
    const noted = this.#noting.then(async () => {
      const token = this.#tokenOf(documentName);
      const before = this.#lastTexts.get(documentName);
      const stored = before?.token === token ? before.texts.map((text) => text.deref()) : [];
      this.#lastTexts.delete(documentName);
      const packed = {
        ...(stored[0] === base ? {} : await this.#packedBase(documentName, base, token)),
        ...(restored && stored[1] === restored ? {} : { restored: await packedOrNone(restored) }),
      };
      // Until it is known to be there.
      const whole = packed.base ?? this.#wholes.get(documentName)?.packed;
      this.#wholes.delete(documentName);
      await noteScript.run(this.#options.connections.commands, {
        keys: [this.#key('ledger', documentName), this.#key('leases'), this.#key('documents')],
        arguments: [documentName, token, ...Object.entries({ ...fields, ...packed }).flat()],
      });
      const texts = [base, ...(restored ? [restored] : [])].map((text) => new WeakRef(text));
      this.#lastTexts.set(documentName, { texts, token });
      if (whole) this.#wholes.set(documentName, { packed: whole, token });
    });
    this.#noting = noted.catch(() => undefined);
    return noted;
  }

  /** What makes it of the text that is there already, as long as that is short; else all of it. */
  async #packedBase(
    documentName: string,
    base: Base,
    token: string,
  ): Promise<{ readonly base?: Uint8Array; readonly change: Uint8Array }> {
    const text = Buffer.from(JSON.stringify(base));
    const whole = this.#wholes.get(documentName);
    const change = whole?.token === token ? await changeFrom(whole.packed, text) : null;
    return change ? { change } : { base: await compressed(text, {}), change: Buffer.alloc(0) };
  }

  /** @throws Error when this process has no lease: it would be refused by Redis as well */
  #tokenOf(documentName: string): string {
    const token = this.#options.tokenOf(documentName);
    if (token === null) throw new Error(`the lease of ${documentName} is elsewhere`);
    return token;
  }

  #key(kind: string, documentName = ''): string {
    return `${this.#options.keyPrefix}${kind}${documentName && ':'}${documentName}`;
  }
}

async function packedOrNone(text: Base | null): Promise<Buffer | ''> {
  return text ? compressed(Buffer.from(JSON.stringify(text)), {}) : '';
}

function owesBetween(last: string | null | undefined, settled: string | null | undefined): boolean {
  return Boolean(last) && isBehind(last as string, settled ?? null);
}

/** What a document begins with, in short. */
function beginningOf({ update, base }: NewJournalEntry): string {
  // One base is another's copy, perhaps with its fields in another order.
  const fields = JSON.stringify(Object.entries(base ?? {}).sort());
  return hash('sha256', Buffer.concat([Buffer.from(fields), update]), 'base64url').slice(0, 12);
}

function streamEntryOf([id, fields]: [Buffer, Buffer[]]): StreamEntry {
  const content: Buffer[] = [];
  let node = '';
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]?.toString();
    const value = fields[index + 1] as Buffer;
    if (name === 'node') node = value.toString();
    else if (name !== 'begun') content.push(value);
  }
  return {
    position: id.toString(),
    node,
    content: content.length === 1 ? (content[0] as Buffer) : Buffer.concat(content),
  };
}

function errorOf({ documentName }: WaitingAppend, error: Error): Error {
  return error.message.startsWith('BEGUN') ? new BegunAnew(documentName) : error;
}

function closed(): Promise<never> {
  return Promise.reject(new Error('the journal is closed'));
}
