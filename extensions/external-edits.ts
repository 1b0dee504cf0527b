/**
 * Did the record change outside since the document was last in step with it?
 *
 * Then the difference enters the document as an edit: what only the record changed comes in, what only the room
 * changed stays, and where both changed the same lines the room's words stay and the others are reported.
 */
import type { connectedPayload, Document, Extension, Hocuspocus } from '@hocuspocus/server';
import { jsonOf, type MarkdownOptions, open, replaceContent, save } from '../markdown/index.ts';
import { mergeMarkdown } from '../markdown/merge.ts';
import { recordIdOf } from '../server/document-name.ts';
import type { Logger, Records, RecordText } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import type { Notices } from './notices.ts';
import type { Sources } from './sources.ts';
import { storeNow } from './store-now.ts';

export interface ExternalEditsOptions {
  readonly records: Records;
  readonly sources: Sources;
  readonly notices: Notices;
  readonly markdown: MarkdownOptions;
  readonly log: Logger;
}

/** The first one in gets the document before the record is read, which for a long one is work. */
const afterFirstMs = 200;

/** A record that was seen this short a time ago is not read again. */
const freshMs = 2_000;

export class ExternalEdits implements Extension<ConnectionContext> {
  readonly #options: ExternalEditsOptions;
  readonly #checking = new Map<string, Promise<void>>();

  constructor(options: ExternalEditsOptions) {
    this.#options = options;
  }

  /** A room that slept may have missed something. It is open meanwhile: the check runs beside it. */
  async connected({ instance, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    const document = instance.documents.get(documentName);
    if (document?.getConnectionsCount() !== 1) return;
    setTimeout(() => void this.#check(instance, document), afterFirstMs).unref();
  }

  /** Takes into the document what the record holds and the server has not seen; whether there was anything. */
  absorb(instance: Hocuspocus, document: Document, record: RecordText): boolean {
    const { sources, markdown, notices, log } = this.#options;
    const documentName = document.name;
    const { base, unanswered } = sources.of(documentName);
    if (isSameText(record, base.markdown)) {
      sources.seen(documentName, base);
      return false;
    }
    sources.seen(documentName, open(record.markdown, markdown).base);
    // One of our own drafts that came late, or whose answer got lost, is nobody's edit.
    if (unanswered.some((draft) => isSameText(record, draft))) return true;

    const live = save(jsonOf(document), base, markdown);
    const merge = mergeMarkdown(base.markdown, live, record.markdown);
    const conflicts = merge.conflicts.length;
    if (merge.markdown === live && conflicts === 0) return true;
    if (merge.markdown !== live) {
      replaceContent(document, open(merge.markdown, markdown).json, { source: 'local' });
    }
    log.info(
      { documentName, conflicts },
      'the record changed outside; what conflicts with nothing is in the document',
    );
    notices.tell(instance, documentName, { event: 'changed-outside', data: { conflicts } });
    return true;
  }

  async #check(instance: Hocuspocus, document: Document): Promise<void> {
    const { records, sources, log } = this.#options;
    const documentName = document.name;
    if (instance.documents.get(documentName) !== document) return;
    const ageMs = performance.now() - sources.of(documentName).seenAt;
    if (ageMs < freshMs || this.#checking.has(documentName)) return;
    const checking = records
      .read(recordIdOf(documentName))
      .then((record) => {
        if (!record || instance.documents.get(documentName) !== document) return;
        // What the record lacks of the room's words is owed to it, also where nothing entered the document.
        if (this.absorb(instance, document, record)) storeNow(instance, document);
      })
      .catch((error) => log.warn({ documentName, cause: String(error) }, 'the record could not be compared'))
      .finally(() => this.#checking.delete(documentName));
    this.#checking.set(documentName, checking);
  }
}

/** CivicPress trims a published text; white space at its ends says nothing about an edit. */
export function isSameText(record: RecordText, markdown: string): boolean {
  return record.isDraft ? record.markdown === markdown : record.markdown.trim() === markdown.trim();
}
