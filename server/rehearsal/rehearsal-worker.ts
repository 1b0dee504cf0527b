/** The thread behind `rehearsal.ts`: applies updates to documents that nobody sees. */
import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import { type CopyId, DocumentCopies } from '../conversion/document-copies.ts';
import { answerCalls } from '../worker-calls.ts';

const copies = new DocumentCopies(4);

/** What the next update is tried on. */
let stage = new Doc();

const methods = {
  follow(copy: CopyId | null, update: Uint8Array): CopyId | null {
    return copies.follow(copy, update);
  },
  prepare(copy: CopyId): void {
    stage = new Doc();
    applyUpdate(stage, encodeStateAsUpdate(copies.of(copy)));
  },
  apply(update: Uint8Array): void {
    applyUpdate(stage, update);
    stage = new Doc();
  },
};

export type RehearsalMethods = typeof methods;

answerCalls(methods, () => undefined);
