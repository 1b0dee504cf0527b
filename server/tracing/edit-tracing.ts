/**
 * The trace of an edit: from the message that brings it to its acknowledgement.
 *
 * It looks on from outside: as the first and the last extension, at the document, and around the ports. A snapshot and a
 * draft hold many edits and are traces of their own, with links to those. What is traced names documents and people by their
 * ids, and never holds a text.
 */
import type {
  afterLoadDocumentPayload,
  beforeHandleMessagePayload,
  beforeSyncPayload,
  Connection,
  Document,
  Extension,
} from '@hocuspocus/server';
import { isTransactionOrigin } from '@hocuspocus/server';
import { messageYjsUpdate } from 'y-protocols/sync';
import type { SyncMessage } from '../../extensions/guard.ts';
import { documentNameOf } from '../document-name.ts';
import type { Ports } from '../outside.ts';
import type { ConnectionContext } from '../session.ts';
import { epochMs, type Span, type Spans } from './spans.ts';

export interface EditTracingOptions {
  readonly spans: Spans;
  /** Which part of all edits is traced, from 0 to 1. */
  readonly sampleRatio: number;
}

interface Edit {
  readonly root: Span;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** When it was found to be allowed. */
  readonly allowedAt: number;
}

type WhenDurable = (documentName: string, then: () => void) => void;

/** A snapshot or a draft names so many edits, the newest ones. */
const maxLinks = 32;

export class EditTracing {
  readonly #options: EditTracingOptions;

  /** When the message came that a connection is busy with. */
  readonly #cameAt = new WeakMap<Connection, number>();
  /** Allowed, and about to be applied. */
  readonly #allowed = new WeakMap<Connection, Edit>();
  /** By the update that the journal is given. */
  readonly #applied = new WeakMap<Uint8Array, Edit>();
  /** Of each document the edit that was applied just now: its acknowledgement is asked for in the same turn. */
  readonly #newest = new Map<string, Edit>();
  /** Applied, and not sent to others yet. */
  readonly #unsent = new WeakMap<Document, Edit[]>();
  /** What the next snapshot and the next draft hold, by document. */
  readonly #unlinked = { snapshot: new Map<string, Span[]>(), writeback: new Map<string, Span[]>() };

  constructor(options: EditTracingOptions) {
    this.#options = options;
  }

  /** Before all others. */
  readonly first: Extension<ConnectionContext> = {
    extensionName: 'TracingBegins',
    // The journal is handed an update while the others still hear of it.
    afterLoadDocument: async ({ document }: afterLoadDocumentPayload<ConnectionContext>) =>
      this.#watchUpdates(document),
    beforeHandleMessage: async ({ connection }: beforeHandleMessagePayload<ConnectionContext>) =>
      this.came(connection),
  };

  /** Behind all others: whoever gets here may edit. */
  readonly last: Extension<ConnectionContext> = {
    extensionName: 'TracingEnds',
    afterLoadDocument: async ({ document }: afterLoadDocumentPayload<ConnectionContext>) =>
      this.#watchBroadcasts(document),
    beforeSync: async (message: beforeSyncPayload<ConnectionContext>) => this.allowed(message),
    afterUnloadDocument: async ({ documentName }) => {
      this.#newest.delete(documentName);
      for (const edits of Object.values(this.#unlinked)) edits.delete(documentName);
    },
  };

  /** The same, and the acknowledgement of an edit that is traced is seen. */
  acknowledging(whenDurable: WhenDurable): WhenDurable {
    return (documentName, then) => {
      const edit = this.#newest.get(documentName);
      this.#newest.delete(documentName);
      if (!edit) return whenDurable(documentName, then);
      const span = this.#part('acknowledgement', edit, epochMs());
      whenDurable(documentName, () => {
        then();
        span.end();
      });
    };
  }

  watching<Watched extends Ports>(ports: Watched): Watched {
    const { journal, snapshots, records } = ports;
    return {
      ...ports,
      journal: replacing(journal, {
        append: (...args) => {
          const [documentName, entries] = args;
          const edits = entries.flatMap(({ update }) => this.#applied.get(update) ?? []);
          return this.#append(documentName, edits, () => journal.append(...args));
        },
      }),
      snapshots: replacing(snapshots, {
        write: (...args) => {
          const [documentName, { revision, byteSize: bytes }] = args;
          return this.#afterwards('snapshot', documentName, { revision, bytes }, () =>
            snapshots.write(...args),
          );
        },
      }),
      records: replacing(records, {
        writeDraft: (...args) =>
          this.#afterwards('writeback', documentNameOf(args[0]), {}, () => records.writeDraft(...args)),
      }),
    };
  }

  /** A message has come on this connection. */
  came(connection: Connection): void {
    this.#cameAt.set(connection, epochMs());
  }

  /** It may edit, and is about to be applied. */
  allowed({ connection, context, document, type, payload }: SyncMessage): void {
    if (type !== messageYjsUpdate || connection.readOnly) return;
    if (Math.random() >= this.#options.sampleRatio) return;
    const allowedAt = epochMs();
    const startedAt = this.#cameAt.get(connection) ?? allowedAt;
    const attributes = {
      'civicpress.document': document.name,
      'civicpress.socket': context.socket.id,
      'enduser.id': context.session?.user.id ?? '',
      'civicpress.bytes': payload.byteLength,
    };
    const root = this.#options.spans.begin('edit', { startedAt, attributes });
    const edit = { root, attributes, allowedAt };
    this.#part('guard', edit, startedAt).end(allowedAt);
    this.#allowed.set(connection, edit);
  }

  #watchUpdates(document: Document): void {
    document.on('update', (update: Uint8Array, origin: unknown) => {
      this.#newest.delete(document.name);
      const connection =
        isTransactionOrigin(origin) && origin.source === 'connection' ? origin.connection : null;
      const edit = connection && this.#allowed.get(connection);
      if (!connection || !edit) return;
      this.#allowed.delete(connection);
      this.#part('apply', edit, edit.allowedAt).end();
      this.#applied.set(update, edit);
      this.#newest.set(document.name, edit);
      this.#unsent.set(document, [...(this.#unsent.get(document) ?? []), edit]);
    });
  }

  /** As fan-out.ts does, and around it. */
  #watchBroadcasts(document: Document): void {
    const inside = document as unknown as { broadcastUpdate(update: Uint8Array): void };
    const broadcast = inside.broadcastUpdate.bind(document);
    inside.broadcastUpdate = (update) => {
      const edits = this.#unsent.get(document) ?? [];
      this.#unsent.delete(document);
      const startedAt = epochMs();
      broadcast(update);
      const to = { 'civicpress.connections': document.getConnectionsCount() };
      for (const edit of edits) this.#part('broadcast', edit, startedAt, to).end();
    };
  }

  async #append<Result>(
    documentName: string,
    edits: readonly Edit[],
    append: () => Promise<Result>,
  ): Promise<Result> {
    if (edits.length === 0) return append();
    const startedAt = epochMs();
    const together = { 'civicpress.edits': edits.length };
    const spans = edits.map((edit) => this.#part('journal append', edit, startedAt, together));
    try {
      const result = await append();
      for (const span of spans) span.end();
      for (const linked of Object.values(this.#unlinked)) {
        const roots = [...(linked.get(documentName) ?? []), ...edits.map(({ root }) => root)];
        linked.set(documentName, roots.slice(-maxLinks));
      }
      // Who is behind this hears of it first.
      setImmediate(() => {
        for (const { root } of edits) root.end();
      });
      return result;
    } catch (error) {
      // It is tried again, and then seen again.
      for (const span of spans) span.end(undefined, error);
      throw error;
    }
  }

  async #afterwards<Result>(
    name: 'snapshot' | 'writeback',
    documentName: string,
    about: Readonly<Record<string, number>>,
    call: () => Promise<Result>,
  ): Promise<Result> {
    const links = this.#unlinked[name].get(documentName) ?? [];
    const attributes = { 'civicpress.document': documentName, ...about };
    const span = this.#options.spans.begin(name, { links, attributes });
    try {
      const result = await call();
      const later = this.#unlinked[name].get(documentName)?.filter((root) => !links.includes(root)) ?? [];
      this.#unlinked[name].set(documentName, later);
      span.end();
      return result;
    } catch (error) {
      span.end(undefined, error);
      throw error;
    }
  }

  #part(
    name: string,
    { root, attributes }: Edit,
    startedAt: number,
    more: Readonly<Record<string, number>> = {},
  ): Span {
    return this.#options.spans.begin(name, {
      parent: root,
      startedAt,
      attributes: { ...attributes, ...more },
    });
  }
}

/** The port, with these methods in place of its own. */
function replacing<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, key) {
      const replaced: unknown = Reflect.get(methods, key);
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
