/**
 * Somebody at the API of a town hall, for one record, with a token in hand.
 */

export interface VersionRow {
  readonly revision: number;
  readonly at: number;
  readonly byteSize: number;
  readonly contributors: readonly { readonly id: string; readonly name: string }[];
  readonly name: string | null;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Of an answer in JSON. */
  readonly body: Record<string, unknown>;
}

export class Admin {
  readonly #url: string;
  readonly #token: string | null;

  constructor(serverUrl: string, recordId: string, token: string | null) {
    this.#url = `${serverUrl}/api/v1/realtime/records/${recordId}`;
    this.#token = token;
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path);
  }

  post(path: string): Promise<Answer> {
    return this.#send('POST', path);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#send('PUT', path, body);
  }

  async versions(): Promise<VersionRow[]> {
    return (await this.get('versions')).body.versions as VersionRow[];
  }

  async markdown(revision: number): Promise<string> {
    return (await this.get(`versions/${revision}`)).text;
  }

  /** @returns the revision of the version that holds what the room says now */
  async snapshot(): Promise<number> {
    const { body } = await this.post('snapshot');
    return (body.version as number | null) ?? ((await this.versions())[0]?.revision as number);
  }

  async restore(revision: number): Promise<{ restored: number; before: number; revision: number }> {
    const { status, body, text } = await this.post(`versions/${revision}/restore`);
    if (status !== 200) throw new Error(`the restore was answered with ${status}: ${text}`);
    return body as { restored: number; before: number; revision: number };
  }

  async #send(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      headers: {
        ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type') ?? '';
    const text = await response.text();
    return { status: response.status, type, text, body: type.includes('json') ? JSON.parse(text) : {} };
  }
}
