/**
 * Stores a document now, with all the layers that follow, instead of after the next pause in typing.
 */
import type { Document, Hocuspocus, onStoreDocumentPayload } from '@hocuspocus/server';

export function storeNow(instance: Hocuspocus, document: Document): void {
  void instance.storeDocumentHooks(document, storePayload(instance, document), true);
}

export function storePayload(instance: Hocuspocus, document: Document): onStoreDocumentPayload {
  return {
    instance,
    document,
    documentName: document.name,
    clientsCount: document.getConnectionsCount(),
    lastContext: {},
    lastTransactionOrigin: { source: 'local' },
  };
}
