/** The dashboard, `/demo/rooms`: which rooms are open, who is in them, and whether anything waits to be saved. */
import type { RoomSummary } from '../../compose.ts';
import { byId, element, setText } from './dom.ts';
import { poll } from './poll.ts';

const MINUTE_MS = 60_000;

let rooms: RoomSummary[] = [];

poll<{ rooms: RoomSummary[] }>('/demo/api/rooms', {
  onChange: (answer) => {
    rooms = answer.rooms;
    showRooms();
  },
  onProblem: (message) => setText(byId('rooms-problem'), message ? `${message}, trying again` : ''),
});
// "12 s ago" moves on although the answer stays the same.
setInterval(showRooms, 1_000);

function showRooms(): void {
  const isEmpty = rooms.length === 0;
  byId('rooms-table').hidden = isEmpty;
  setText(byId('rooms-count'), isEmpty ? 'No room is open. Open a record to see one here.' : roomCount());
  byId('rooms').replaceChildren(...rooms.map(roomRow));
}

function roomCount(): string {
  return rooms.length === 1 ? '1 open room' : `${rooms.length} open rooms`;
}

function roomRow({ documentName, people, connections, unsavedSince }: RoomSummary): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, documentName),
    element('td', {}, people.join(', ') || '–'),
    element('td', { class: 'number' }, String(connections)),
    element(
      'td',
      { class: unsavedSince === null ? '' : 'unsaved' },
      unsavedSince === null ? 'All saved' : `Not in the draft for ${duration(Date.now() - unsavedSince)}`,
    ),
  );
}

function duration(elapsedMs: number): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1_000));
  return elapsedMs < MINUTE_MS ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
