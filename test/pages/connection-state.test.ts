import { describe, expect, it } from 'vitest';
import {
  type ConnectionEvent,
  connectionText,
  nextConnectionState,
  savedText,
} from '../../server/demo/pages/connection-state.ts';

const authenticated: ConnectionEvent = { type: 'authenticated' };
const refused = (reason: string): ConnectionEvent => ({ type: 'refused', reason });
const closed = (code: number, reason = ''): ConnectionEvent => ({ type: 'closed', code, reason });

function textAfter(...events: ConnectionEvent[]): string {
  return connectionText(events.reduce(nextConnectionState, { is: 'connecting' }));
}

describe('the connection in the status line', () => {
  it.each<[string, ConnectionEvent[], string]>([
    ['at first', [], 'Connecting…'],
    ['once authenticated', [authenticated], 'Online'],
    ['when the socket is lost', [authenticated, closed(1006)], 'Offline, trying again'],
    ['when it comes back', [authenticated, closed(1006), authenticated], 'Online'],
    ['when refused', [refused('You may not read this.')], 'Refused: You may not read this.'],
    ['when refused, and the socket closes', [refused('No.'), closed(1000)], 'Refused: No.'],
    ['when allowed after a refusal', [refused('No.'), authenticated], 'Online'],
    ['at 4003', [authenticated, closed(4003, 'Not allowed.')], 'Refused: Not allowed.'],
    [
      'at 4503',
      [closed(4503, 'CivicPress does not answer. Trying again.')],
      'CivicPress does not answer, trying again',
    ],
    [
      'at 4503 after a refusal',
      [refused('The server is busy.'), closed(4503)],
      'The server is busy, trying again',
    ],
    ['while tries fail', [closed(4503, 'Busy.'), closed(1006), closed(1006)], 'Busy, trying again'],
  ])('%s', (_when, events, text) => {
    expect(textAfter(...events)).toBe(text);
  });
});

describe('the saved state in the status line', () => {
  it('says saved only when the server has acknowledged everything', () => {
    expect(savedText({ is: 'online' }, 'edit', 0)).toBe('All changes saved');
    expect(savedText({ is: 'online' }, 'edit', 1)).toBe('Saving…');
  });

  it('says where edits are while offline', () => {
    const text = savedText({ is: 'offline', reason: '' }, 'edit', 3);
    expect(text).toBe('Changes kept here until the connection is back');
  });

  it('says read only to a reader, and nothing to somebody who was refused', () => {
    expect(savedText({ is: 'online' }, 'read', 1)).toBe('Read only');
    expect(savedText({ is: 'refused', reason: '' }, 'edit', 1)).toBe('');
  });
});
