/**
 * The list of what has happened to specs, newest first.
 */
import type { BatchedChange } from '../../../extensions/spec-updates/events.ts';
import { element } from './dom.ts';

const names = {
  'spec.created': 'created',
  'spec.updated': 'updated',
  'spec.deleted': 'deleted',
} as const;
const maxShown = 100;
const timeFormat = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hour12: false });

export class SpecFeedView {
  readonly #list: HTMLElement;

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  add(changes: readonly BatchedChange[], at: Date): void {
    this.#list.prepend(...changes.map((change) => row(change, at)).reverse());
    while (this.#list.children.length > maxShown) this.#list.lastElementChild?.remove();
  }
}

function row(change: BatchedChange, at: Date): HTMLElement {
  const name = names[change.event];
  return element(
    'li',
    {},
    element('time', { datetime: at.toISOString() }, timeFormat.format(at)),
    element('span', { class: 'pill', 'data-event': name }, name),
    element('span', { class: 'tree-id' }, change.id),
    element('span', { class: 'quiet' }, detailOf(change)),
  );
}

function detailOf(change: BatchedChange): string {
  if (change.event === 'spec.deleted') return '';
  if (change.event === 'spec.created') return change.metadata.title ?? '';
  return change.changes
    .map((field) => {
      const value = (change.metadata as unknown as Record<string, unknown>)[field];
      return typeof value === 'string' ? `${field}: ${value}` : field;
    })
    .join(' · ');
}
