/**
 * The connection to the room: a HocuspocusProvider, and what it reports turned into one `RoomStatus`.
 *
 * It asks for a fresh token on every connect, and when the room closes without its socket it closes the socket too:
 * the provider would stay "connected" to nothing, and edits would pile up unseen.
 */
import { HocuspocusProvider } from '@hocuspocus/provider';
import { getSchema } from '@tiptap/core';
import type { Doc } from 'yjs';
import { announceFeatures, featuresOf } from '../../../client/index.ts';
import { type ConnectionEvent, type ConnectionState, nextConnectionState } from './connection-state.ts';
import { recordExtensions } from './extensions.ts';
import { type Session, SignInError, signIn } from './session.ts';

export interface RoomStatus {
  connection: ConnectionState;
  /** `null` until the server has said which. */
  access: 'read' | 'edit' | null;
  /** Edits that the server has not acknowledged. */
  unsaved: number;
  /** True from the first complete copy of the document on. */
  hasDocument: boolean;
}

export interface RoomOptions {
  recordId: string;
  session: Session;
  document: Doc;
  onStatus: (status: RoomStatus) => void;
  /** A message of the server to the room: its event and data. */
  onMessage: (event: string, data: unknown) => void;
}

export interface Room {
  provider: HocuspocusProvider;
  /** Drops the socket; the provider comes back with a fresh token. */
  reconnect(): void;
}

const NORMAL_CLOSE = 1000;

export function enterRoom({ recordId, session, document, onStatus, onMessage }: RoomOptions): Room {
  const status: RoomStatus = {
    connection: { is: 'connecting' },
    access: null,
    unsaved: 0,
    hasDocument: false,
  };
  const change = (changed: Partial<RoomStatus>) => onStatus(Object.assign(status, changed));
  const report = (event: ConnectionEvent) =>
    change({ connection: nextConnectionState(status.connection, event) });

  let firstToken: string | null = session.token;
  let signInProblem: SignInError | null = null;
  const freshToken = async () => {
    const token = firstToken ?? (await signIn(session.user.id)).token;
    firstToken = null;
    return token;
  };

  const url = new URL(session.realtimePath, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const provider = new HocuspocusProvider({
    url: announceFeatures(url.href, featuresOf(getSchema(recordExtensions))),
    name: `record:${recordId}`,
    document,
    token: async () => {
      signInProblem = null;
      try {
        return await freshToken();
      } catch (error) {
        if (error instanceof SignInError) signInProblem = error;
        throw error;
      }
    },
  });
  const reconnect = () => provider.configuration.websocketProvider.webSocket?.close();

  provider.on('authenticated', ({ scope }: { scope: string }) => {
    report({ type: 'authenticated' });
    change({ access: scope === 'readonly' ? 'read' : 'edit' });
  });
  provider.on('authenticationFailed', ({ reason }: { reason: string }) => {
    if (signInProblem?.isTransient) {
      report({ type: 'closed', code: 4503, reason: signInProblem.message });
      reconnect();
    } else {
      report({ type: 'refused', reason: signInProblem?.message ?? reason });
    }
  });
  provider.on('close', ({ event }: { event: { code: number; reason: string } }) => {
    report({ type: 'closed', code: event.code, reason: event.code === 4408 ? '' : event.reason });
    if (event.code === NORMAL_CLOSE && status.connection.is !== 'refused') reconnect();
  });
  provider.on('synced', () => change({ hasDocument: true }));
  provider.on('unsyncedChanges', ({ number }: { number: number }) => change({ unsaved: number }));
  provider.on('stateless', ({ payload }: { payload: string }) => {
    const message = parseMessage(payload);
    if (message) onMessage(message.event, message.data);
  });
  return { provider, reconnect };
}

function parseMessage(payload: string): { event: string; data: unknown } | null {
  try {
    const { event, data } = JSON.parse(payload) as { event: unknown; data: unknown };
    return typeof event === 'string' ? { event, data } : null;
  } catch {
    return null;
  }
}
