/** The rows of a diff as elements: what was added and removed is marked, coloured and spoken. */
import { element } from './dom.ts';
import type { DiffRow } from './line-diff.ts';

const MARKS = { same: ' ', added: '+', removed: '−' } as const;
const SPOKEN = { same: '', added: 'Added: ', removed: 'Removed: ' } as const;

export function rowElement(row: DiffRow): HTMLElement {
  if (row.kind === 'skipped') {
    const lines = row.count === 1 ? 'line' : 'lines';
    return element('div', { class: 'row skipped' }, `${row.count} unchanged ${lines}`);
  }
  const text = row.parts.map((part) => (part.changed ? element('mark', {}, part.text) : part.text));
  return element(
    'div',
    { class: `row ${row.kind}` },
    element('span', { class: 'row-mark', 'aria-hidden': 'true' }, MARKS[row.kind]),
    element('span', { class: 'visually-hidden' }, SPOKEN[row.kind]),
    element('span', { class: 'row-text' }, ...text),
  );
}
