/**
 * What does the room hear from the server? Stateless messages, JSON `{event, data}`:
 *
 * - `saved {at, version, by}`: the record's draft holds what the room shows; `version` is the journal's position of the
 *   newest edit in it, `null` before the first one; `by` are the names of those who wrote since the last time
 * - `could-not-save {since, layer, reason}`: kept and tried again; told once, again when the reason is another one, and to
 *   those who join meanwhile
 * - `too-much-unsaved {reason}`: so much of it waits that the room is for reading until it is stored
 * - `saved-again {layer}`: the trouble is over
 * - `changed-outside {conflicts}`: the record was changed elsewhere and the change is in the document now; in the lines
 *   in `conflicts` the room had changed the same words, and both stand there
 * - `published {at}`: the draft that the record had is published, with the words of the room as they were then
 * - `record-gone {fate, reason}`: the record was `archived` or `deleted`, and is for reading from now on; also told to
 *   those who join
 * - `record-back {}`: it is there to be edited again
 * - `restored {revision, by}`: somebody made the document what it was in this version; `by` is their name
 * - `shown-as-source {reason}`: the record is too intricate for a document and is one block of Markdown; told to everybody
 *   who joins, and when it comes to be so
 * - `slow-down {reason}`: to one editor alone, and from the gateway: it sends so much that it will be sent away
 * - `presence-too-large {bytes, most}`: to one client alone: what it says of itself is not passed on
 * - `room-read-only {reason}`: an operator has made the room one for reading; also told to those who join. When it is given
 *   back, whoever may edit is sent away once, and comes back with all that they typed
 * - `rights-changed {access, reason}`: to one editor, who may only read from now on
 *
 * Times are ms since the epoch.
 */
import type {
  afterUnloadDocumentPayload,
  Connection,
  connectedPayload,
  Extension,
  Hocuspocus,
} from '@hocuspocus/server';
import { errors } from '../server/errors.ts';
import type { Announcer } from '../server/events.ts';
import type { Failure } from '../server/owed-work.ts';
import type { Position } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import type { Sources } from './sources.ts';

/** Every layer that can fail, in the order in which an edit meets them. */
const layers = ['journal', 'snapshot', 'writeback'] as const;

/** Each node writes the journal for itself; the rest one does for all. */
const ofThisNode = 'journal';

export type NoticeListener = (documentName: string, notice: Notice) => void;

export type Layer = (typeof layers)[number];

export type Notice =
  | { event: 'saved'; data: { at: number; version: Position | null; by: readonly string[] } }
  | { event: 'could-not-save'; data: { since: number; layer: Layer; reason: string } }
  | { event: 'too-much-unsaved'; data: { reason: string } }
  | { event: 'saved-again'; data: { layer: Layer } }
  | { event: 'changed-outside'; data: { conflicts: readonly string[] } }
  | { event: 'published'; data: { at: number } }
  | { event: 'record-gone'; data: { fate: 'archived' | 'deleted'; reason: string } }
  | { event: 'record-back'; data: Record<string, never> }
  | { event: 'restored'; data: { revision: number; by: string } }
  | { event: 'shown-as-source'; data: { reason: string } }
  | { event: 'presence-too-large'; data: { bytes: number; most: number } }
  | { event: 'room-read-only'; data: { reason: string } }
  | { event: 'rights-changed'; data: { access: 'read'; reason: string } };

type Trouble = Extract<Notice, { event: 'could-not-save' }>;

export const shownAsSource: Notice = {
  event: 'shown-as-source',
  data: { reason: errors['not-converted'].reason },
};

export class Notices implements Extension<ConnectionContext> {
  readonly #sources: Sources;
  readonly #events: Announcer;

  /** The trouble that a room is in, by document and layer. */
  readonly #troubles = new Map<string, Trouble>();
  readonly #listeners = new Set<NoticeListener>();

  constructor(sources: Sources, events: Announcer) {
    this.#sources = sources;
    this.#events = events;
  }

  async connected({ documentName, connection }: connectedPayload<ConnectionContext>): Promise<void> {
    const { base, restored } = this.#sources.of(documentName);
    if ((restored ?? base).isOpaque) connection.sendStateless(JSON.stringify(shownAsSource));
    for (const layer of layers) {
      const trouble = this.#troubles.get(`${layer} ${documentName}`);
      if (trouble) connection.sendStateless(JSON.stringify(trouble));
    }
  }

  /** What another node has trouble with is over, perhaps, when the room is open here again; who comes in is told then. */
  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    for (const layer of layers) this.forget(documentName, layer);
  }

  /** Hears what rooms are told here, for other nodes; returns what ends this. */
  onTold(listener: NoticeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What other nodes are to know of a room's trouble. */
  troublesOf(documentName: string): Notice[] {
    return layers.flatMap((layer) => {
      const trouble = layer === ofThisNode ? undefined : this.#troubles.get(`${layer} ${documentName}`);
      return trouble ?? [];
    });
  }

  /** Tells a room what another node has told it. */
  passOn(instance: Hocuspocus, documentName: string, notice: Notice): void {
    if (!instance.documents.has(documentName)) return;
    if (notice.event === 'could-not-save' && !this.#isNews(documentName, notice)) return;
    if (notice.event === 'saved-again') this.#troubles.delete(`${notice.data.layer} ${documentName}`);
    this.#broadcast(instance, documentName, notice);
  }

  tell(instance: Hocuspocus, documentName: string, notice: Notice): void {
    this.#broadcast(instance, documentName, notice);
    this.#tellNodes(documentName, notice);
  }

  #tellNodes(documentName: string, notice: Notice): void {
    if ('layer' in notice.data && notice.data.layer === ofThisNode) return;
    for (const listener of this.#listeners) listener(documentName, notice);
  }

  #broadcast(instance: Hocuspocus, documentName: string, notice: Notice): void {
    instance.documents.get(documentName)?.broadcastStateless(JSON.stringify(notice));
  }

  tellOne(connection: Connection, notice: Notice): void {
    connection.sendStateless(JSON.stringify(notice));
  }

  /** To be said at each failure: the room hears what it does not know yet, other nodes all, for they may miss one. */
  couldNotSave(
    instance: Hocuspocus,
    documentName: string,
    layer: Layer,
    { since, error }: Pick<Failure, 'since' | 'error'>,
  ): void {
    const notice: Trouble = { event: 'could-not-save', data: { since, layer, reason: error.reason } };
    if (!this.#troubles.has(`${layer} ${documentName}`)) {
      const facts = { documentName, stage: layer, error: error.code };
      this.#events.emit('realtime:snapshot:writeback-failed', facts);
    }
    if (this.#isNews(documentName, notice)) this.#broadcast(instance, documentName, notice);
    this.#tellNodes(documentName, notice);
  }

  /** Whether the room was not told that before; remembers that it is now. */
  #isNews(documentName: string, trouble: Trouble): boolean {
    const key = `${trouble.data.layer} ${documentName}`;
    const known = this.#troubles.get(key);
    this.#troubles.set(key, trouble);
    return known?.data.reason !== trouble.data.reason;
  }

  /** The trouble is somebody else's now, or there is no room any more to have it. */
  forget(documentName: string, layer: Layer): void {
    this.#troubles.delete(`${layer} ${documentName}`);
  }

  savedAgain(instance: Hocuspocus, documentName: string, layer: Layer): void {
    if (!this.#troubles.delete(`${layer} ${documentName}`)) return;
    this.tell(instance, documentName, { event: 'saved-again', data: { layer } });
  }
}
