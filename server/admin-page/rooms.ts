/** The open rooms: who is in them, what waits to be saved, and what can be done about it. */
import { byId, element, setText } from '../demo/pages/dom.ts';
import { type Action, actionButton } from './acting.ts';
import { type Api, pathOf, type Room, type RoomDetails, recordPathOf, type Version } from './api.ts';

/** One room on the page; it stays the same element, so that the focus stays where it is. */
interface Shown {
  item: HTMLElement;
  show(room: Room): void;
}

const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

const newestVersions = 5;

export class Rooms {
  readonly #api: Api;
  readonly #look: () => void;
  readonly #shown = new Map<string, Shown>();

  constructor(api: Api, look: () => void) {
    this.#api = api;
    this.#look = look;
  }

  show(rooms: Room[], hasMore: boolean): void {
    const list = byId('rooms');
    const names = new Set(rooms.map(({ documentName }) => documentName));
    for (const [name, { item }] of this.#shown) {
      if (names.has(name)) continue;
      item.remove();
      this.#shown.delete(name);
    }
    for (const [index, room] of rooms.entries()) {
      const shown = this.#shown.get(room.documentName) ?? this.#make(room.documentName);
      this.#shown.set(room.documentName, shown);
      shown.show(room);
      if (list.children[index] !== shown.item) list.insertBefore(shown.item, list.children[index] ?? null);
    }
    const more = hasMore ? `The first ${rooms.length} rooms are shown.` : '';
    setText(byId('rooms-empty'), rooms.length === 0 ? 'No room is open.' : more);
  }

  #make(documentName: string): Shown {
    const facts = element('p', { class: 'quiet' });
    const unsaved = element('span', {});
    const tag = element('span', { class: 'tag' }, 'For reading');
    const details = element('div', { class: 'details', id: `details-${documentName}` });
    details.hidden = true;
    const actions = element('div', { class: 'actions' });
    const item = element(
      'section',
      { class: 'room', 'aria-label': documentName },
      element(
        'div',
        { class: 'room-head' },
        element('div', {}, element('h3', {}, documentName, tag), facts),
        actions,
      ),
      details,
    );
    let room: Room | undefined;
    const look = () => {
      this.#look();
      if (!details.hidden) void this.#showDetails(documentName, details, look);
    };
    const toggle = element('button', { type: 'button', 'aria-expanded': 'false' }, 'Details');
    toggle.setAttribute('aria-label', `Details: ${documentName}`);
    toggle.setAttribute('aria-controls', details.id);
    toggle.addEventListener('click', () => {
      details.hidden = !details.hidden;
      toggle.setAttribute('aria-expanded', String(!details.hidden));
      look();
    });
    const reading = actionButton(
      { label: 'Make it for reading', about: documentName, run: () => this.#setReadOnly(room as Room) },
      look,
    );
    actions.append(
      toggle,
      ...this.#actionsOn(documentName).map((action) => actionButton(action, look)),
      reading,
    );
    return {
      item,
      show: (now) => {
        room = now;
        tag.hidden = !now.isReadOnly;
        setText(reading, now.isReadOnly ? 'Give it back' : 'Make it for reading');
        reading.setAttribute('aria-label', `${reading.textContent}: ${documentName}`);
        const where = now.nodes.length > 1 || now.nodes[0] !== 'local' ? ` · at ${now.nodes.join(', ')}` : '';
        const people = now.people.join(', ') || 'nobody';
        facts.replaceChildren(`${people} (${now.connections})${where} · `, unsaved);
        unsaved.className = now.unsavedSince === null ? '' : 'unsaved';
        const since = now.unsavedSince === null ? 0 : Date.now() - now.unsavedSince;
        setText(unsaved, now.unsavedSince === null ? 'all saved' : `unsaved for ${duration(since)}`);
        if (!details.hidden) void this.#showDetails(documentName, details, look);
      },
    };
  }

  #actionsOn(documentName: string): Action[] {
    const recordPath = recordPathOf(documentName);
    const close: Action = {
      label: 'Close',
      about: documentName,
      sure: {
        question: `Close ${documentName}?`,
        detail: 'Everybody is sent away once all is saved. Editors come back by themselves and open it anew.',
        yes: 'Close the room',
      },
      run: async () => {
        await this.#api.ask('POST', `${pathOf(documentName)}/close`);
        return `${documentName} was closed.`;
      },
    };
    if (recordPath === null) return [close];
    const snapshot: Action = {
      label: 'Make a version',
      about: documentName,
      run: async () => {
        const { version } = await this.#api.ask<{ version: number | null }>('POST', `${recordPath}/snapshot`);
        return version === null
          ? `The newest version of ${documentName} holds all of it already.`
          : `This is version ${version} of ${documentName}.`;
      },
    };
    return [snapshot, close];
  }

  async #setReadOnly({ documentName, isReadOnly }: Room): Promise<string> {
    await this.#api.ask('PUT', `${pathOf(documentName)}/read-only`, { isReadOnly: !isReadOnly });
    return isReadOnly
      ? `${documentName} can be edited again.`
      : `${documentName} is for reading until it is given back.`;
  }

  async #showDetails(documentName: string, details: HTMLElement, look: () => void): Promise<void> {
    const recordPath = recordPathOf(documentName);
    const [room, stored] = await Promise.all([
      this.#api.ask<RoomDetails>('GET', pathOf(documentName)).catch(() => null),
      recordPath === null
        ? { versions: [] }
        : this.#api
            .ask<{ versions: Version[] }>('GET', `${recordPath}/versions`)
            .catch(() => ({ versions: [] })),
    ]);
    const focused = details.contains(document.activeElement)
      ? document.activeElement?.getAttribute('aria-label')
      : null;
    const people = room?.clients.map((client) => this.#client(client, look)) ?? [];
    const versions = stored.versions
      .slice(0, newestVersions)
      .map((version) => this.#version(documentName, recordPath as string, version, look));
    details.replaceChildren(
      part('People', 'people', people, 'Nobody is here.'),
      part('Newest versions', 'versions', versions, 'There is no version yet.'),
    );
    for (const button of details.querySelectorAll('button'))
      if (focused !== null && button.getAttribute('aria-label') === focused) button.focus();
  }

  #client(
    { socket, name, access, isReadOnly, address }: RoomDetails['clients'][0],
    look: () => void,
  ): HTMLElement {
    const may = access === 'read' || isReadOnly ? 'reads' : 'edits';
    const away: Action = {
      label: 'Disconnect',
      about: `${name}, ${socket}`,
      sure: {
        question: `Disconnect ${name}?`,
        detail:
          'Their editor comes back by itself. To keep them out, take their rights in CivicPress and revoke.',
        yes: 'Disconnect',
      },
      run: async () => {
        await this.#api.ask('POST', `clients/${encodeURIComponent(socket)}/disconnect`, {});
        return `${name} was disconnected.`;
      },
    };
    return element('li', {}, `${name} ${may}, from ${address}`, actionButton(away, look));
  }

  #version(
    documentName: string,
    recordPath: string,
    { revision, at, name, contributors }: Version,
    look: () => void,
  ): HTMLElement {
    const by = contributors.map((contributor) => contributor.name).join(', ');
    const restore: Action = {
      label: 'Restore',
      about: `version ${revision} of ${documentName}`,
      sure: {
        question: `Restore version ${revision} of ${documentName}?`,
        detail:
          'Everybody sees it at once. What is there now becomes a version, by which it can be taken back.',
        yes: 'Restore it',
      },
      run: async () => {
        const path = `${recordPath}/versions/${revision}/restore`;
        const { before } = await this.#api.ask<{ before: number }>('POST', path);
        return `Version ${revision} is restored. What was there before is version ${before}.`;
      },
    };
    const called = name === null ? '' : ` “${name}”`;
    const about = `${revision}${called}, ${time.format(at)}${by === '' ? '' : `, by ${by}`}`;
    return element('li', {}, about, actionButton(restore, look));
  }
}

function part(heading: string, name: string, items: HTMLElement[], empty: string): HTMLElement {
  const list = element('ul', { class: name }, ...items);
  return element(
    'div',
    {},
    element('h4', {}, heading),
    items.length > 0 ? list : element('p', { class: 'quiet' }, empty),
  );
}

export function duration(elapsedMs: number): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
