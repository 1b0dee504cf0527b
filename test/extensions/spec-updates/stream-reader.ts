/**
 * Somebody who reads server-sent events line by line, as they stand on the wire.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { until } from '../../helpers/until.ts';

export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

export interface ReaderOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class StreamReader {
  readonly events: ReadEvent[] = [];
  /** Values of `retry:` lines. */
  readonly retries: number[] = [];
  comments = 0;
  status: number | undefined;
  headers: IncomingMessage['headers'] = {};
  /** All that was sent, as text. */
  text = '';
  isOver = false;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;

  constructor(url: string, { token, headers = {} }: ReaderOptions = {}) {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#request = request(url, { agent: false, headers: { ...authorization, ...headers } });
    this.#request.on('error', () => {
      this.isOver = true;
    });
    this.#request.on('close', () => {
      this.isOver = true;
    });
    this.#request.on('response', (response) => {
      this.#response = response;
      this.status = response.statusCode;
      this.headers = response.headers;
      response.setEncoding('utf8');
      response.on('error', () => undefined);
      response.on('data', (chunk: string) => this.#take(chunk));
    });
    this.#request.end();
  }

  /** The names and ids of the specs that were told of, without the first reset. */
  get heard(): string[] {
    return this.events.flatMap(({ event, data }) => {
      if (event === 'specs.reset') return [];
      const changes = data.changes as { event: string; id: string }[];
      return event === 'specs.batch'
        ? changes.map((change) => `${change.event} ${change.id}`)
        : [`${event} ${data.id}`];
    });
  }

  get lastId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id;
  }

  async answered(): Promise<number> {
    return until('the server answers', () => this.status);
  }

  /** Resolves when the stream has begun, which it does with everything that there is. */
  async began(): Promise<this> {
    await until('the stream begins', () => this.events.length > 0);
    return this;
  }

  async hears(what: string): Promise<void> {
    await until(`"${what}" is told`, () => this.heard.includes(what));
  }

  async over(withinMs?: number): Promise<void> {
    await until('the stream is over', () => this.isOver, withinMs);
  }

  /** Reads nothing from now on, and leaves the connection open. */
  stall(): void {
    this.#response?.pause();
  }

  leave(): void {
    this.#request.destroy();
  }

  #take(chunk: string): void {
    this.text += chunk;
    let end = this.text.indexOf('\n\n');
    while (end >= 0) {
      this.#read(this.text.slice(0, end).split('\n'));
      this.text = this.text.slice(end + 2);
      end = this.text.indexOf('\n\n');
    }
  }

  #read(lines: readonly string[]): void {
    const field = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    if (lines.some((line) => line.startsWith(':'))) this.comments += 1;
    const retry = field('retry');
    if (retry !== undefined) this.retries.push(Number(retry));
    const data = field('data');
    if (data === undefined) return;
    this.events.push({ event: field('event') ?? 'message', id: field('id'), data: JSON.parse(data) });
  }
}
