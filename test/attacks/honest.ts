/**
 * The honest user, as the judge sees them: how long did each of their edits take to be saved?
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AttackSite } from './attack-site.ts';

export interface HonestFigures {
  readonly latenciesMs: readonly number[];
  /** What they see. */
  readonly text: string;
  /** With which their socket was closed. */
  readonly closeCodes: readonly number[];
}

export const honestRecord = 'honest';

export class Honest {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async begin(site: AttackSite): Promise<Honest> {
    await site.addRecord(honestRecord, '# Honest\n\nSomebody works here.\n');
    const worker = new Worker(join(import.meta.dirname, 'honest-worker.ts'), {
      workerData: {
        serverUrl: site.url,
        documentName: `record:${honestRecord}`,
        token: await site.tokenOf('honest'),
      },
    });
    await once(worker, 'message');
    return new Honest(worker);
  }

  /** Since the last time. */
  async figures(): Promise<HonestFigures> {
    this.#worker.postMessage('figures');
    const [figures] = (await once(this.#worker, 'message')) as [HonestFigures];
    return figures;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
