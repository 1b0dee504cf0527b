/**
 * Calls functions that live in a worker thread: one message there, one message back; in order, but for those that wait.
 *
 * What blocks (a disk, a parser) runs there, so that the event loop never waits for it.
 */
import { parentPort, type ResourceLimits, Worker } from 'node:worker_threads';

/** What a worker offers, by name. */
type Methods = Record<string, (...args: never[]) => unknown>;

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly code?: unknown;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * V8 would let each thread have 48 MB for what is forgotten at once, and keep them. Most answer small questions, for which
 * little is enough.
 */
const usualLimits: ResourceLimits = { maxYoungGenerationSizeMb: 6 };

/** The caller's side. A thread that died is started anew by the next call; after `close()` there is none. */
export class WorkerCalls<Offered extends Methods> {
  readonly #start: () => Worker;
  readonly #whenClosed: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #isClosed = false;
  #lastId = 0;

  /**
   * @param whenClosed what a call after `close()` is told
   * @param resourceLimits a thread that needs more is ended, with what it was asked
   */
  constructor(url: URL, workerData: unknown, whenClosed: string, resourceLimits: ResourceLimits = {}) {
    this.#start = () =>
      new Worker(url, { workerData, resourceLimits: { ...usualLimits, ...resourceLimits } });
    this.#whenClosed = whenClosed;
  }

  call<Name extends keyof Offered & string>(
    method: Name,
    ...args: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    if (this.#isClosed) return Promise.reject(new Error(this.#whenClosed));
    this.#worker ??= this.#listenTo(this.#start());
    const worker = this.#worker;
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      worker.postMessage({ id, method, args });
    });
  }

  /** Ends the thread wherever it is, and lets no other begin. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  /** Ends the thread wherever it is, and begins another at once. */
  restart(): void {
    void this.#worker?.terminate();
    this.#forget(this.#worker, new Error('the thread was ended'));
    if (!this.#isClosed) this.#worker = this.#listenTo(this.#start());
  }

  /** Ends the thread when nobody waits for it, with all that it knew: the next call begins another. */
  rest(): void {
    if (this.#waiting.size > 0) return;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** How much memory the thread has taken, in bytes, with what it does not need any more; 0 while there is none. */
  async heldBytes(): Promise<number> {
    try {
      const { total_heap_size = 0, external_memory = 0 } = (await this.#worker?.getHeapStatistics()) ?? {};
      return total_heap_size + external_memory;
    } catch {
      return 0; // It has not begun yet, or has just ended.
    }
  }

  /** How much the thread has computed since it began, in ms; 0 while there is none. */
  async workedMs(): Promise<number> {
    try {
      const { user, system } = (await this.#worker?.cpuUsage()) ?? { user: 0, system: 0 };
      return (user + system) / 1_000;
    } catch {
      return 0; // It has not begun yet, or has just ended.
    }
  }

  #listenTo(worker: Worker): Worker {
    worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) waiting?.resolve(reply.result);
      else waiting?.reject(Object.assign(new Error(reply.error), { code: reply.code }));
    });
    worker.on('error', (error) =>
      this.#forget(worker, error instanceof Error ? error : new Error(String(error))),
    );
    worker.on('exit', () => this.#forget(worker, new Error(this.#whenClosed)));
    return worker;
  }

  #forget(worker: Worker | undefined, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/**
 * The worker's side: answers calls until the thread ends.
 *
 * @param bytesOf the bytes of a result that change hands instead of being copied
 */
export function answerCalls(methods: Methods, bytesOf: (result: unknown) => Uint8Array | undefined): void {
  const answer = (id: number, result: unknown) => {
    const bytes = bytesOf(result);
    parentPort?.postMessage({ id, result }, bytes ? [bytes.buffer as ArrayBuffer] : []);
  };
  const fail = (id: number, error: unknown) =>
    parentPort?.postMessage({ id, ...toldOf(error) } satisfies Reply);
  parentPort?.on('message', ({ id, method, args }: { id: number; method: string; args: never[] }) => {
    try {
      const result = methods[method]?.(...args);
      // Most answer at once, and are asked for each edit.
      if (!(result instanceof Promise)) return answer(id, result);
      result.then((settled) => answer(id, settled)).catch((error: unknown) => fail(id, error));
    } catch (error) {
      fail(id, error);
    }
  });
}

/** An error crosses over as its message and its code, or its name when it has none. */
function toldOf(error: unknown): { error: string; code?: unknown } {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: error.message, code: 'code' in error ? error.code : error.name };
}

/** The file `name` beside the calling module, whether run as TypeScript or as built JavaScript. */
export function workerBeside(moduleUrl: string, name: string): URL {
  const extension = moduleUrl.slice(moduleUrl.lastIndexOf('.'));
  return new URL(`./${name}${extension}`, moduleUrl);
}
