/**
 * Somebody at the whole API of a server, with a token in hand.
 */
import type { Answer } from './admin.ts';

export class Operator {
  readonly #url: string;
  readonly #token: string | null;

  constructor(serverUrl: string, token: string | null) {
    this.#url = `${serverUrl}/api/v1/realtime`;
    this.#token = token;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', path, body);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  /** @param body a text goes as Markdown, anything else as JSON */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer & { readonly headers: Headers; readonly bytes: Uint8Array }> {
    const isText = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      headers: {
        ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': isText ? 'text/markdown' : 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? (body as string) : JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type') ?? '';
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    return {
      status: response.status,
      type,
      text,
      bytes,
      headers: response.headers,
      body: type.includes('json') ? JSON.parse(text) : {},
    };
  }
}
