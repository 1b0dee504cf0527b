/**
 * Asks every node the same and gathers what they answer: what an operator wants to see of all, or done at all.
 *
 * Who is there is known by the signs of life that nodes give; one that does not answer in time is left out.
 */
import { correlationId } from './correlation.ts';
import { asRealtimeError, type ErrorCode, RealtimeError } from './errors.ts';
import type { NodeBus } from './node-bus.ts';
import type { Logger } from './ports.ts';

/** What each node does when it is asked, by name. Arguments and results are JSON. */
type Methods = Record<string, (...args: never[]) => unknown>;

export interface NodeCallsOptions<Offered extends Methods> {
  /** `null` where this process is the only one. */
  readonly bus: NodeBus | null;
  readonly methods: Offered;
  /** From here on nothing that others ask is missed; called again after each time that something may have been. */
  readonly onListening?: () => void;
  readonly log: Logger;
}

export interface NodeAnswer<Result> {
  readonly node: string;
  readonly result: Result;
}

interface Waiting {
  readonly take: (node: string, answer: Answer) => void;
}

type Answer = { readonly result?: unknown; readonly error?: ErrorCode };

type Message =
  | { readonly ask: string; readonly method: string; readonly args: unknown[] }
  | ({ readonly answer: string } & Answer);

const topic = 'calls';

/** On which nodes say that they live; neighbours.ts says so every two seconds. */
const lifeSigns = 'nodes';
const silenceMs = 8_000;

/** What a node that is alone is called. */
const alone = 'local';

export class NodeCalls<Offered extends Methods> {
  readonly #options: NodeCallsOptions<Offered>;
  readonly #waiting = new Map<string, Waiting>();

  /** When each other node was last heard, in monotonic ms. */
  readonly #heardAt = new Map<string, number>();
  readonly #ends: (() => void)[];

  constructor(options: NodeCallsOptions<Offered>) {
    const { bus, onListening = () => undefined } = options;
    this.#options = options;
    this.#ends = bus
      ? [
          bus.listen(lifeSigns, { onMessage: (node) => this.#lives(node), onListening: () => undefined }),
          bus.listen(topic, { onMessage: (node, message) => void this.#hear(node, message), onListening }),
        ]
      : [];
  }

  get nodeId(): string {
    return this.#options.bus?.nodeId ?? alone;
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  /**
   * This node's answer first. Those that failed or came too late are not among them.
   *
   * @param withinMs how long the others are waited for
   * @throws RealtimeError what this node says, when it fails here
   */
  async everywhere<Name extends keyof Offered & string>(
    withinMs: number,
    method: Name,
    ...args: Parameters<Offered[Name]>
  ): Promise<NodeAnswer<Awaited<ReturnType<Offered[Name]>>>[]> {
    type Result = Awaited<ReturnType<Offered[Name]>>;
    const expected = this.#others();
    const others = expected.size > 0 ? this.#ask(withinMs, method, args, expected) : [];
    const own = { node: this.nodeId, result: (await this.#do(method, args)) as Result };
    return [own, ...((await others) as NodeAnswer<Result>[])];
  }

  /** Of others alone, for a node that does not know yet who they are: whoever answers within this time. */
  async whoever<Name extends keyof Offered & string>(
    withinMs: number,
    method: Name,
    ...args: Parameters<Offered[Name]>
  ): Promise<NodeAnswer<Awaited<ReturnType<Offered[Name]>>>[]> {
    type Result = Awaited<ReturnType<Offered[Name]>>;
    return (await this.#ask(withinMs, method, args, null)) as NodeAnswer<Result>[];
  }

  /** @param expected who is waited for; `null`: anybody, until the time is over */
  async #ask(
    withinMs: number,
    method: string,
    args: unknown[],
    expected: Set<string> | null,
  ): Promise<NodeAnswer<unknown>[]> {
    const id = correlationId();
    const answers: NodeAnswer<unknown>[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      if (!expected) timer.unref();
      this.#waiting.set(id, {
        take: (node, { result, error }) => {
          if (expected && !expected.delete(node)) return;
          if (error === undefined) answers.push({ node, result });
          if (expected?.size !== 0) return;
          clearTimeout(timer);
          resolve();
        },
      });
      this.#options.bus?.tell(topic, encoded({ ask: id, method, args }));
    });
    this.#waiting.delete(id);
    if (expected && expected.size > 0)
      this.#options.log.warn({ method, nodes: [...expected] }, 'a node did not answer in time');
    return answers;
  }

  async #hear(node: string, bytes: Uint8Array): Promise<void> {
    const { bus, log } = this.#options;
    if (!bus || node === bus.nodeId) return;
    this.#lives(node);
    try {
      const message = JSON.parse(Buffer.from(bytes).toString()) as Message;
      if ('answer' in message) return this.#waiting.get(message.answer)?.take(node, message);
      bus.tell(topic, encoded({ answer: message.ask, ...(await this.#answerTo(message)) }));
    } catch (error) {
      log.warn({ nodeId: node, cause: String(error) }, 'a node cannot be understood');
    }
  }

  async #answerTo({ method, args }: Extract<Message, { ask: string }>): Promise<Answer> {
    try {
      return { result: await this.#do(method, args) };
    } catch (thrown) {
      const error = asRealtimeError(thrown);
      this.#options.log.warn(
        { method, code: error.code, cause: String(error.cause) },
        'a node asked in vain',
      );
      return { error: error.code };
    }
  }

  async #do(method: string, args: unknown[]): Promise<unknown> {
    const offered: Methods = this.#options.methods;
    const call = Object.hasOwn(offered, method) ? offered[method] : undefined;
    // A newer node may know more.
    if (!call) throw new RealtimeError('internal', { cause: new Error(`no such call: ${method}`) });
    return call(...(args as never[]));
  }

  #others(): Set<string> {
    const since = performance.now() - silenceMs;
    for (const [node, heardAt] of this.#heardAt) if (heardAt < since) this.#heardAt.delete(node);
    return new Set(this.#heardAt.keys());
  }

  #lives(node: string): void {
    if (node !== this.nodeId) this.#heardAt.set(node, performance.now());
  }
}

function encoded(message: Message): Buffer {
  return Buffer.from(JSON.stringify(message));
}
