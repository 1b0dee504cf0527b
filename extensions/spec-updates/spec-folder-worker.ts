/**
 * The thread in which spec files are read and parsed.
 */
import { workerData } from 'node:worker_threads';
import { answerCalls } from '../../server/worker-calls.ts';
import { type Found, type Look, SpecFolder } from './spec-folder.ts';

const { folder, maxFileBytes } = workerData as { folder: string; maxFileBytes: number };
const specs = new SpecFolder(folder, maxFileBytes);

const methods = {
  identity: () => specs.identity(),
  list: () => specs.list(),
  /** In the order of the paths. */
  look: (paths: readonly Look[]): Found[] => paths.map((path) => specs.look(path)),
};

export type SpecFolderMethods = typeof methods;

answerCalls(methods, () => undefined);
