/**
 * Lets the server into a room for work of its own: opens the document when it is not, and keeps it open until that is
 * done.
 */
import type { Document, Hocuspocus } from '@hocuspocus/server';
import { errorBehind } from '../extensions/guarded.ts';
import { asRealtimeError, RealtimeError } from './errors.ts';
import type { ConnectionContext } from './session.ts';

export interface VisitsOptions {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  /** Makes this process the one that keeps the document; resolves with whether it does. */
  readonly claim: (documentName: string) => Promise<boolean>;
}

export class Visits {
  readonly #options: VisitsOptions;

  constructor(options: VisitsOptions) {
    this.#options = options;
  }

  /** @throws RealtimeError what keeps the document from being opened, and what the work throws */
  async inRoom<Result>(documentName: string, work: (document: Document) => Promise<Result>): Promise<Result> {
    const document = await this.#open(documentName);
    document.addDirectConnection();
    try {
      return await work(document);
    } finally {
      document.removeDirectConnection();
      void this.#options.hocuspocus.unloadDocument(document);
    }
  }

  /** What changes what is stored is done where that is kept. */
  inKeptRoom<Result>(documentName: string, work: (document: Document) => Promise<Result>): Promise<Result> {
    return this.inRoom(documentName, async (document) => {
      if (!(await this.#options.claim(documentName))) throw new RealtimeError('document-not-loaded');
      return work(document);
    });
  }

  async #open(documentName: string): Promise<Document> {
    const connection = { isAuthenticated: true, readOnly: false };
    const request = new Request('http://localhost');
    try {
      return await this.#options.hocuspocus.createDocument(documentName, request, 'server', connection);
    } catch (thrown) {
      throw asRealtimeError(errorBehind(thrown), 'document-not-loaded');
    }
  }
}
