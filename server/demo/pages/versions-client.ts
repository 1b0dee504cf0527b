/**
 * The versions of one record, over the server's API, with the token of whoever is signed in.
 */
import { errorMessage, type Session, signIn } from './session.ts';

export interface Version {
  revision: number;
  /** Milliseconds since the epoch. */
  at: number;
  contributors: { name: string }[];
  name: string | null;
}

/** Every method throws an `Error` whose message can be shown. */
export class VersionsClient {
  readonly #base: string;
  readonly #user: string;
  #token: string;

  constructor(recordId: string, session: Session) {
    this.#base = `/api/v1/realtime/records/${encodeURIComponent(recordId)}`;
    this.#user = session.user.id;
    this.#token = session.token;
  }

  /** Newest first. */
  async list(): Promise<Version[]> {
    const { versions } = (await (await this.#send('GET', 'versions')).json()) as { versions: Version[] };
    return versions;
  }

  /** A unified diff from this version to what the room says now; empty when nothing differs. */
  async compareWithNow(revision: number): Promise<string> {
    return (await this.#send('GET', `compare?from=${revision}`)).text();
  }

  async rename(revision: number, name: string | null): Promise<void> {
    await this.#send('PUT', `versions/${revision}/name`, { name });
  }

  /** @returns the revision of the state before: restoring that one takes this back */
  async restore(revision: number): Promise<number> {
    const answer = await this.#send('POST', `versions/${revision}/restore`);
    return ((await answer.json()) as { before: number }).before;
  }

  /** @returns the revision; `null` when the newest one holds what the room says already */
  async make(): Promise<number | null> {
    const answer = await this.#send('POST', 'snapshot');
    return ((await answer.json()) as { version: number | null }).version;
  }

  async #send(method: string, path: string, body?: object): Promise<Response> {
    let response = await this.#ask(method, path, body);
    if (response.status === 401) {
      this.#token = (await signIn(this.#user)).token;
      response = await this.#ask(method, path, body);
    }
    if (!response.ok) throw new Error(await errorMessage(response));
    return response;
  }

  async #ask(method: string, path: string, body?: object): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body && { 'content-type': 'application/json' }),
    };
    try {
      return await fetch(`${this.#base}/${path}`, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
      });
    } catch {
      throw new Error('The server does not answer');
    }
  }
}
