/** The page of administrators, `/admin`: signs in with a token, looks every few seconds, and shows what there is. */
import { byId, element, setText } from '../demo/pages/dom.ts';
import { actionButton } from './acting.ts';
import { Api, type DeadLetter, NotLetIn, type Room, type Statistics } from './api.ts';
import { duration, Rooms } from './rooms.ts';

const lookEveryMs = 3_000;
const shownRooms = 200;

const api = new Api();
const rooms = new Rooms(api, () => void look());
let isLooking = false;
let wantsAnother = false;

byId<HTMLFormElement>('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  api.signIn(byId<HTMLInputElement>('token').value.trim());
  byId<HTMLInputElement>('token').value = '';
  void look();
});
byId('sign-out').addEventListener('click', () => {
  api.signOut();
  showSignedIn(false);
  setText(byId('done'), 'You are signed out.');
});
setInterval(() => {
  if (document.visibilityState === 'visible') void look();
}, lookEveryMs);
document.addEventListener('visibilitychange', () => void look());
void look();

/** At once; while it is under way already, once more behind that. */
async function look(): Promise<void> {
  if (isLooking) {
    wantsAnother = true;
    return;
  }
  isLooking = true;
  try {
    do {
      wantsAnother = false;
      await lookOnce();
    } while (wantsAnother);
  } finally {
    isLooking = false;
  }
}

async function lookOnce(): Promise<void> {
  if (api.token === null) return showSignedIn(false);
  try {
    const [statistics, open, dead] = await Promise.all([
      api.ask<Statistics>('GET', 'statistics'),
      api.ask<{ rooms: Room[]; next: string | null }>('GET', `rooms?limit=${shownRooms}`),
      api.ask<{ deadLetters: DeadLetter[]; next: string | null }>('GET', 'webhooks/dead-letters'),
    ]);
    if (api.token === null) return;
    showSignedIn(true);
    if (byId('problem').dataset.of === 'looking') setProblem('');
    showServer(statistics, open.rooms);
    rooms.show(open.rooms, open.next !== null);
    showLetters(dead.deadLetters, dead.next !== null);
  } catch (error) {
    if (error instanceof NotLetIn) {
      api.signOut();
      showSignedIn(false);
    }
    setProblem((error as Error).message);
  }
}

function setProblem(message: string): void {
  byId('problem').dataset.of = message === '' ? '' : 'looking';
  setText(byId('problem'), message);
}

function showSignedIn(isSignedIn: boolean): void {
  const wasSignedIn = !byId('signed-in').hidden;
  byId('sign-in').hidden = isSignedIn;
  byId('signed-in').hidden = !isSignedIn;
  byId('sign-out').hidden = !isSignedIn;
  if (!isSignedIn && (wasSignedIn || document.activeElement === document.body)) byId('token').focus();
  if (isSignedIn && !wasSignedIn) setProblem('');
}

function showServer(statistics: Statistics, open: Room[]): void {
  const { node, version, uptimeSeconds, memory, sockets, users, dependencies } = statistics;
  const where = node === 'local' ? '' : `, node ${node}`;
  setText(byId('server'), `Version ${version}${where}, up for ${duration(uptimeSeconds * 1_000)}`);
  const oldest = Math.min(...open.flatMap(({ unsavedSince }) => unsavedSince ?? []));
  const numbers: [string, string][] = [
    ['Rooms', String(open.length)],
    ['People here', String(users)],
    ['Sockets here', String(sockets)],
    ['Oldest unsaved', Number.isFinite(oldest) ? duration(Date.now() - oldest) : '–'],
    ['Memory', `${Math.round(memory.rssBytes / 1_048_576)} MB`],
  ];
  byId('numbers').replaceChildren(
    ...numbers.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
  byId('dependencies').replaceChildren(
    ...Object.entries(dependencies).map(([name, { state, reason }]) =>
      element('li', { class: state }, `${name} is ${state}${reason === null ? '' : `: ${reason}`}`),
    ),
  );
}

function showLetters(letters: DeadLetter[], hasMore: boolean): void {
  const more = hasMore ? `The oldest ${letters.length} are shown.` : '';
  setText(byId('letters-empty'), letters.length === 0 ? 'There are none.' : more);
  const list = byId('letters');
  const ids = letters.map(({ id }) => id).join();
  // The buttons stay as they are while nothing changes, with the focus.
  if (list.dataset.ids === ids) return;
  list.dataset.ids = ids;
  list.replaceChildren(
    ...letters.map(({ id, event, target, room, error }) => {
      const resend = actionButton(
        {
          label: 'Send again',
          about: `${event} of ${room}`,
          run: async () => {
            await api.ask('POST', `webhooks/dead-letters/${id}/resend`);
            return `${event} of ${room} is sent again.`;
          },
        },
        () => void look(),
      );
      return element('li', {}, `${event} of ${room} to ${target}: ${error}`, resend);
    }),
  );
}
