/**
 * Who is here: reads people out of awareness, and draws names and carets.
 *
 * The server says who everybody is. Names are cut to size all the same, and set as text, and colours are checked.
 */
import { colourOf } from '../../presence/colours.ts';
import { element } from './dom.ts';

export interface Person {
  id: string;
  name: string;
  color: string;
  /** Neither typed nor moved for a while, in none of their windows. */
  isIdle: boolean;
}

const NAME_LIMIT = 40;

/** Each person once, however many windows they have open; `self` comes first. */
export function peopleIn(states: Iterable<Record<string, unknown>>, self: Person): Person[] {
  const people = new Map<string, Person>([[self.id, self]]);
  for (const state of states) {
    const person = personFrom(state.user);
    if (!person) continue;
    const isIdle = state.idle === true && (people.get(person.id)?.isIdle ?? true);
    people.set(person.id, { ...(people.get(person.id) ?? person), isIdle });
  }
  return [...people.values()];
}

export function showPeople(list: HTMLElement, people: Person[], self: Person): void {
  list.replaceChildren(
    ...people.map((person) => {
      const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
      dot.style.setProperty('background-color', person.color);
      const name = person.id === self.id ? `${person.name} (you)` : person.name;
      if (!person.isIdle || person.id === self.id) return element('li', {}, dot, name);
      return element('li', { class: 'idle' }, dot, name, element('span', { class: 'idle-note' }, 'idle'));
    }),
  );
}

/** The caret of somebody else, with their name; styled through CSSOM, since the CSP forbids style attributes. */
export function caretOf(user: Record<string, unknown>, client?: number): HTMLElement {
  const person = personFrom(user);
  const label = element('span', { class: 'caret-name' }, person?.name ?? '');
  const caret = element('span', { class: 'caret', 'data-client': String(client ?? '') }, label);
  caret.style.setProperty('--person', person?.color ?? 'gray');
  return caret;
}

/** Fades the carets of those who idle: a caret is drawn once, and its owner comes and goes. */
export function fadeIdleCarets(
  editor: HTMLElement,
  states: ReadonlyMap<number, Record<string, unknown>>,
): void {
  for (const caret of editor.querySelectorAll<HTMLElement>('.caret[data-client]')) {
    caret.classList.toggle('idle', states.get(Number(caret.dataset.client))?.idle === true);
  }
}

function personFrom(user: unknown): Person | null {
  if (typeof user !== 'object' || user === null) return null;
  const { id, name, color } = user as Record<string, unknown>;
  if (typeof name !== 'string' || name.trim() === '') return null;
  const personId = typeof id === 'string' ? id : name;
  const isColor = typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color);
  return {
    id: personId,
    name: name.slice(0, NAME_LIMIT),
    color: isColor ? color : colourOf(personId),
    isIdle: false,
  };
}
