/**
 * Signs a demo user in. The token goes from here to the provider and nowhere else, above all into no URL.
 */
import type { DemoSession } from './api/demo-sessions.ts';

export interface Session extends DemoSession {
  /** Path of the Hocuspocus WebSocket on this origin. */
  realtimePath: string;
}

/** Why somebody could not be signed in, and whether trying again can help. */
export class SignInError extends Error {
  override name = 'SignInError';
  readonly isTransient: boolean;

  constructor(message: string, isTransient: boolean) {
    super(message);
    this.isTransient = isTransient;
  }
}

/** @throws {SignInError} */
export async function signIn(user: string): Promise<Session> {
  let response: Response;
  try {
    response = await fetch('/demo/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
  } catch {
    throw new SignInError('The server does not answer', true);
  }
  if (!response.ok) throw new SignInError(await errorMessage(response), response.status >= 500);
  return (await response.json()) as Session;
}

/** The sentence in an error answer of the demo's API. */
export async function errorMessage(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error: { message: string } };
    return body.error.message;
  } catch {
    return `The server answered ${response.status}`;
  }
}
