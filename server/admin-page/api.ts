/** What the page asks of the server, with the token that was typed in. It is kept for as long as the tab. */

const kept = 'civicpress-realtime-admin-token';

export interface Room {
  documentName: string;
  connections: number;
  people: string[];
  unsavedSince: number | null;
  isReadOnly: boolean;
  nodes: string[];
}

export interface RoomDetails extends Room {
  clients: {
    socket: string;
    node: string;
    name: string;
    access: string;
    isReadOnly: boolean;
    address: string;
  }[];
}

export interface Version {
  revision: number;
  at: number;
  contributors: { name: string }[];
  name: string | null;
}

export interface Statistics {
  node: string;
  version: string;
  uptimeSeconds: number;
  memory: { rssBytes: number };
  sockets: number;
  users: number;
  dependencies: Record<string, { state: string; reason: string | null }>;
}

export interface DeadLetter {
  id: number;
  event: string;
  target: string;
  room: string;
  deadAt: number;
  error: string;
}

/** The token is wrong, or is not an administrator's. */
export class NotLetIn extends Error {}

export class Api {
  token = sessionStorage.getItem(kept);

  signIn(token: string): void {
    this.token = token;
    sessionStorage.setItem(kept, token);
  }

  signOut(): void {
    this.token = null;
    sessionStorage.removeItem(kept);
  }

  /** @throws Error with a sentence to be shown */
  async ask<Answer>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(`/api/v1/realtime/${path}`, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
    }).catch(() => {
      throw new Error('The server does not answer. Trying again.');
    });
    if (response.ok) return (await response.json()) as Answer;
    const answer = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
    const message = answer?.error?.message ?? `The server answered ${response.status}.`;
    throw response.status === 401 || response.status === 403 ? new NotLetIn(message) : new Error(message);
  }
}

export function pathOf(documentName: string): string {
  return `rooms/${encodeURIComponent(documentName)}`;
}

/** `null` for a room that is no record's: it has no versions. */
export function recordPathOf(documentName: string): string | null {
  const [, recordId] = /^record:(.+)$/.exec(documentName) ?? [];
  return recordId === undefined ? null : `records/${encodeURIComponent(recordId)}`;
}
