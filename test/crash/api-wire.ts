/**
 * The wire between the realtime server and CivicPress: notes every draft that arrives there, and can hold one up, so
 * that the server can be killed between a snapshot and its writeback.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** `request`: CivicPress never gets the draft; `answer`: it does, and the server never hears so. */
export type Held = 'request' | 'answer';

interface Hold {
  readonly what: Held;
  readonly begun: () => void;
}

export class ApiWire {
  readonly #server = createServer((request, response) => void this.#pass(request, response));
  readonly #targetUrl: string;
  readonly #holds = new Map<string, Hold>();
  readonly #drafts = new Map<string, string[]>();

  private constructor(targetUrl: string) {
    this.#targetUrl = targetUrl;
  }

  static async open(targetUrl: string): Promise<ApiWire> {
    const wire = new ApiWire(targetUrl);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Holds up the record's next draft; resolves when it is there. */
  holdDraft(recordId: string, what: Held): Promise<void> {
    return new Promise((begun) => this.#holds.set(recordId, { what, begun }));
  }

  /** Every text that CivicPress was given as the record's draft, in order. */
  draftsOf(recordId: string): readonly string[] {
    return this.#drafts.get(recordId) ?? [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(request);
      const recordId = request.method === 'PUT' ? draftIdOf(request.url) : undefined;
      const hold = recordId === undefined ? undefined : this.#holds.get(recordId);
      if (recordId !== undefined) this.#holds.delete(recordId);
      if (hold?.what === 'request') return hold.begun();
      const answer = await this.#forward(request, body);
      if (recordId !== undefined && answer.statusCode === 200) this.#note(recordId, body);
      if (hold) return hold.begun();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    } catch {
      // The server was killed in the middle of a request, or the wire is closing.
      request.socket.destroy();
    }
  }

  async #forward({ method, url = '/', headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const target = new URL(url, this.#targetUrl);
    const forwarded = send(target, { method, headers: { ...headers, host: target.host } });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    return answer;
  }

  #note(recordId: string, body: Buffer): void {
    const { markdownBody } = JSON.parse(body.toString()) as { markdownBody: string };
    this.#drafts.set(recordId, [...this.draftsOf(recordId), markdownBody]);
  }
}

function draftIdOf(path = ''): string | undefined {
  return /\/records\/([\w-]+)\/draft$/.exec(path)?.[1];
}
