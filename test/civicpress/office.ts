/**
 * A CivicPress of somebody's own, over its HTTP API, and the realtime server beside it.
 */
import { Clerk } from '../helpers/clerk.ts';
import { Editor } from '../helpers/editor.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly text: string;
}

/** The realtime server. */
export interface Beside {
  url: string;
  /** Kills it and starts it again; `null` where that is for somebody else to do. */
  readonly kill: (() => Promise<string>) | null;
}

export class Office {
  readonly #url: string;
  readonly #beside: Beside;
  readonly #windows: { leave(): void }[] = [];
  readonly #records = new Set<string>();
  readonly #stamp = Date.now().toString(36);
  /** Of the account that was named, as somebody who saves past the room. */
  readonly token: string;

  private constructor(url: string, beside: Beside, token: string) {
    this.#url = url;
    this.#beside = beside;
    this.token = token;
  }

  static async open(url: string, account: Account, beside: Beside): Promise<Office> {
    const { data, text } = await ask(url, 'POST', '/users/auth/password', undefined, account);
    const token = (data.session as { token?: string } | undefined)?.token;
    if (!token) throw new Error(`CivicPress does not sign ${account.username} in: ${text}`);
    return new Office(url, beside, token);
  }

  /** `null` where CivicPress has no simulated accounts (CIVIC_ALLOW_SIMULATED_AUTH in development). */
  async signIn(username: string, role: string): Promise<string | null> {
    const { data } = await ask(this.#url, 'POST', '/auth/simulated', undefined, { username, role });
    return (data.session as { token?: string } | undefined)?.token ?? null;
  }

  ask(method: string, path: string, body?: unknown, token = this.token): Promise<Answer> {
    return ask(this.#url, method, path, token, body);
  }

  /** The realtime server's own routes. */
  askServer(path: string): Promise<Response> {
    return fetch(`${this.#beside.url}${path}`, { headers: { authorization: `Bearer ${this.token}` } });
  }

  /** Resolves with whether it was killed, and runs again. */
  async killServer(): Promise<boolean> {
    if (!this.#beside.kill) return false;
    this.#beside.url = await this.#beside.kill();
    return true;
  }

  /** @throws Error with CivicPress' words when it refuses */
  async must(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { status, data, text } = await this.ask(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return data;
  }

  /** A draft of its own, which is archived in the end; resolves with its id. */
  async newRecord(name: string, markdownBody: string, fields: object = {}): Promise<string> {
    const id = `trial-${name}-${this.#stamp}`;
    this.#records.add(id);
    await this.must('PUT', `/records/${id}/draft`, {
      title: 'Trial',
      type: 'policy',
      markdownBody,
      ...fields,
    });
    return id;
  }

  publish(id: string, body: object = { status: 'published' }) {
    return this.must('POST', `/records/${id}/publish`, body);
  }

  /** The draft where there is one, else what is published. */
  async recordOf(id: string): Promise<Record<string, unknown>> {
    return this.must('GET', `/records/${id}?edit=true`);
  }

  async textOf(id: string): Promise<string> {
    const { markdownBody, content } = await this.recordOf(id);
    return String(markdownBody ?? content);
  }

  async join(id: string, token: string = this.token): Promise<Clerk> {
    const clerk = new Clerk({ serverUrl: this.#beside.url, documentName: `record:${id}`, token });
    this.#windows.push(clerk);
    return clerk.synced();
  }

  /** By the provider of CivicPress' own editor. */
  async joinAsEditor(id: string): Promise<Editor> {
    const editor = new Editor({ serverUrl: this.#beside.url, recordId: id, token: this.token });
    this.#windows.push(editor);
    return editor.synced();
  }

  /** Sends everybody away, and archives what was made. Resolves with what could not be. */
  async tidyUp(): Promise<string[]> {
    for (const window of this.#windows) window.leave();
    const left: string[] = [];
    for (const id of this.#records) {
      const { status: draft } = await this.ask('DELETE', `/records/${id}/draft`);
      const { status: record } = await this.ask('DELETE', `/records/${id}`);
      if (draft === 403 || record === 403) left.push(id);
    }
    return left;
  }
}

async function ask(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  let data: Record<string, unknown> = {};
  try {
    data = (JSON.parse(text) as { data?: Record<string, unknown> }).data ?? {};
  } catch {
    // What is no JSON has no data, and speaks for itself.
  }
  return { status: response.status, data, text };
}
