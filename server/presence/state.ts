/**
 * What a client may say of itself: a small JSON object, in which the server says who it is.
 */
import { nestsWithin } from '../nesting.ts';
import type { User } from '../ports.ts';
import { colourOf } from './colours.ts';

export type State = Readonly<Record<string, unknown>>;

/** A cursor takes 300 bytes. */
export const maxStateBytes = 4_096;

/** A cursor nests four levels deep; whoever shows a state may walk it recursively. */
const maxDepth = 20;

/** Who somebody is, as others see it. */
export interface ShownUser {
  readonly id: string;
  readonly name: string;
  /** `#` and six hexadecimal digits. */
  readonly color: string;
}

export function shownUser({ id, name }: User): ShownUser {
  return { id, name: name.slice(0, 100), color: colourOf(id) };
}

/** `null` for what is no state. `user` and `idle` are the server's to say. */
export function stateIn(json: string, user: ShownUser): State | null {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return null;
  if (!nestsWithin(said, maxDepth)) return null;
  const state: Record<string, unknown> = { ...said, user };
  delete state.idle;
  // Whoever copies the state into an object of theirs would give that another prototype.
  Reflect.deleteProperty(state, '__proto__');
  return state;
}
