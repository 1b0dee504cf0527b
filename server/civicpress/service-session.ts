/**
 * Keeps the server signed in at CivicPress as the configured user.
 *
 * CivicPress has no service accounts, and the sixth session of a user ends the oldest: so there is one
 * session, made when it is first needed and anew when CivicPress says that it has ended.
 */
import { RealtimeError } from '../errors.ts';
import { type CivicPressClient, fieldOf, type Reply, type Request } from './client.ts';

export interface ServiceCredentials {
  readonly username: string;
  readonly password: string;
}

export class ServiceSession {
  readonly #client: CivicPressClient;
  readonly #credentials: ServiceCredentials;

  /** The session's token, or the sign-in under way; everybody waits for the same one. */
  #token: Promise<string> | undefined;

  constructor(client: CivicPressClient, credentials: ServiceCredentials) {
    this.#client = client;
    this.#credentials = credentials;
  }

  /** The reply to a request made as the service user; a session that has ended is renewed once. */
  async send(request: Omit<Request, 'token'>): Promise<Reply> {
    const usedToken = this.#signedIn();
    const reply = await this.#client.send({ ...request, token: await usedToken });
    if (reply.status !== 401) return reply;

    if (this.#token === usedToken) this.#token = undefined;
    return this.#client.send({ ...request, token: await this.#signedIn() });
  }

  /** As the client says it: the pause between two requests, which leave this part of all of them to others. */
  pauseMs(path: string, reserve: number): number {
    return this.#client.pauseMs({ path }, reserve);
  }

  /**
   * Renews the session if it has ended. For those who read public routes, which do not tell: there, an ended
   * session is nobody and gets what nobody may see. The lock route tells, for any id.
   */
  async renewIfEnded(): Promise<void> {
    await this.send({ method: 'GET', path: '/records/any/lock' });
  }

  #signedIn(): Promise<string> {
    if (this.#token) return this.#token;
    const token = this.#signIn();
    this.#token = token;
    token.catch(() => {
      if (this.#token === token) this.#token = undefined;
    });
    return token;
  }

  /** `/users/auth/password` and not `/auth/password`: it answers 401, not 500, to a wrong password. */
  async #signIn(): Promise<string> {
    const reply = await this.#client.send({
      method: 'POST',
      path: '/users/auth/password',
      body: this.#credentials,
    });
    const token = fieldOf(fieldOf(reply.data, 'session'), 'token');
    if (typeof token === 'string') return token;
    throw new RealtimeError('service-refused', {
      context: { why: 'CivicPress does not accept the service user', status: reply.status },
    });
  }
}
