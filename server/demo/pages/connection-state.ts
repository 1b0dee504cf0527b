/**
 * What the status line says about the connection: a small state machine over what the provider reports.
 * Pure, so that its sentences can be tested without a browser.
 */

export type ConnectionState =
  | { is: 'connecting' }
  | { is: 'online' }
  | { is: 'offline'; reason: string }
  | { is: 'refused'; reason: string };

export type ConnectionEvent =
  | { type: 'authenticated' }
  | { type: 'refused'; reason: string }
  | { type: 'closed'; code: number; reason: string };

/** The server's close codes after which trying again cannot help: not signed in, not allowed, no such record. */
const FINAL_CLOSE_CODES = new Set([4001, 4003, 4004, 4401, 4403]);
/** The server is busy or cannot reach CivicPress: a passing trouble, also right after it refused the token. */
const TRANSIENT_CLOSE_CODES = new Set([4500, 4503]);

export function nextConnectionState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (event.type === 'authenticated') return { is: 'online' };
  if (event.type === 'refused') return { is: 'refused', reason: event.reason };
  const knownReason = event.reason || (state.is === 'refused' ? state.reason : '');
  if (TRANSIENT_CLOSE_CODES.has(event.code)) return { is: 'offline', reason: knownReason };
  if (FINAL_CLOSE_CODES.has(event.code)) return { is: 'refused', reason: knownReason || 'not allowed' };
  // The provider keeps trying after a refusal; until it succeeds, the refusal is still the news.
  if (state.is === 'refused') return state;
  // The first lost socket has the reason; the failed attempts after it have none.
  return { is: 'offline', reason: event.reason || (state.is === 'offline' ? state.reason : '') };
}

export function connectionText(state: ConnectionState): string {
  switch (state.is) {
    case 'connecting':
      return 'Connecting…';
    case 'online':
      return 'Online';
    case 'offline':
      return `${phraseOf(state.reason) || 'Offline'}, trying again`;
    case 'refused':
      return `Refused: ${state.reason}`;
  }
}

/** A reason to be put into a sentence: the server's are sentences, and some end with "Trying again." already. */
export function phraseOf(reason: string): string {
  return reason.replace(/(?:\s*Trying again[^.]*)?\.?\s*$/i, '').replace(/\.$/, '');
}

/** @param unsaved how many edits the server has not acknowledged, @param access `null` until it is known */
export function savedText(state: ConnectionState, access: 'read' | 'edit' | null, unsaved: number): string {
  if (state.is === 'refused' || access === null) return '';
  if (access === 'read') return 'Read only';
  if (unsaved === 0) return 'All changes saved';
  return state.is === 'online' ? 'Saving…' : 'Changes kept here until the connection is back';
}
