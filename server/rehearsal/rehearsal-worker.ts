/**
 * The thread behind `rehearsal.ts`: applies updates to copies of documents. What passes there is applied to the document
 * itself a moment later, so the copy is ahead of it, and is told again; with what takes too long, all copies go.
 */
import { applyUpdate } from 'yjs';
import { type CopyId, DocumentCopies } from '../conversion/document-copies.ts';
import { answerCalls } from '../worker-calls.ts';

const copies = new DocumentCopies();

const methods = {
  follow(copy: CopyId | null, updates: readonly Uint8Array[]): CopyId | null {
    return copies.follow(copy, updates);
  },
  apply(copy: CopyId, update: Uint8Array): void {
    applyUpdate(copies.of(copy), update);
  },
};

export type RehearsalMethods = typeof methods;

answerCalls(methods, () => undefined);
