/**
 * Who is here: reads people out of awareness, gives each a colour, and draws names and carets.
 *
 * Awareness is whatever other clients claim, so names are cut to size and set as text, and colours are checked.
 */
import { element } from './dom.ts';

export interface Person {
  id: string;
  name: string;
  color: string;
}

/** Each has a contrast of at least 4.5:1 with white, and 3:1 with the page in light and in dark. */
export const PERSON_COLORS = [
  '#2d6cd4',
  '#c04a24',
  '#14805a',
  '#9448cf',
  '#94620a',
  '#c93a7f',
  '#0e7a92',
  '#66741f',
] as const;

const NAME_LIMIT = 40;

/** The same person has the same colour in every window and on every day. */
export function colorOf(personId: string): string {
  let hash = 0;
  for (const character of personId) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return PERSON_COLORS[hash % PERSON_COLORS.length]!;
}

/** Each person once, however many windows they have open; `self` comes first. */
export function peopleIn(states: Iterable<Record<string, unknown>>, self: Person): Person[] {
  const people = new Map<string, Person>([[self.id, self]]);
  for (const state of states) {
    const person = personFrom(state.user);
    if (person && !people.has(person.id)) people.set(person.id, person);
  }
  return [...people.values()];
}

export function showPeople(list: HTMLElement, people: Person[], self: Person): void {
  list.replaceChildren(
    ...people.map((person) => {
      const dot = element('span', { class: 'dot', 'aria-hidden': 'true' });
      dot.style.setProperty('background-color', person.color);
      const name = person.id === self.id ? `${person.name} (you)` : person.name;
      return element('li', {}, dot, name);
    }),
  );
}

/** The caret of somebody else, with their name; styled through CSSOM, since the CSP forbids style attributes. */
export function caretOf(user: Record<string, unknown>): HTMLElement {
  const person = personFrom(user);
  const label = element('span', { class: 'caret-name' }, person?.name ?? '');
  const caret = element('span', { class: 'caret' }, label);
  caret.style.setProperty('--person', person?.color ?? 'gray');
  return caret;
}

function personFrom(user: unknown): Person | null {
  if (typeof user !== 'object' || user === null) return null;
  const { id, name, color } = user as Record<string, unknown>;
  if (typeof name !== 'string' || name.trim() === '') return null;
  const personId = typeof id === 'string' ? id : name;
  const isColor = typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color);
  return { id: personId, name: name.slice(0, NAME_LIMIT), color: isColor ? color : colorOf(personId) };
}
