/**
 * Beside the editor: the record's Markdown as CivicPress stores it, and its difference to the published text.
 */
import type { RecordTexts } from './api/demo-records.ts';
import { byId, element, setText } from './dom.ts';
import { countChanges, type DiffRow, lineDiff } from './line-diff.ts';

const MARKS = { same: ' ', added: '+', removed: '−' } as const;
const SPOKEN = { same: '', added: 'Added: ', removed: 'Removed: ' } as const;

export function showRecordTexts({ published, draft }: RecordTexts): void {
  const stored = draft ?? published ?? '';
  // CivicPress trims the published text on its way out, and a draft not.
  const rows = lineDiff(published ?? '', stored.trim());
  const { added, removed } = countChanges(rows);
  const hasChanges = added + removed > 0;

  setText(byId('changes-summary'), summary(published, added, removed));
  const lines = byId('changes-lines');
  lines.replaceChildren(...(hasChanges ? rows.map(rowElement) : []));
  lines.hidden = !hasChanges;
  setText(byId('markdown-source'), stored);
  setText(byId('markdown-origin'), draft === null ? 'The published text' : 'The draft, as stored');
}

function summary(published: string | null, added: number, removed: number): string {
  if (published === null) return 'Not published yet: every line is new.';
  if (added + removed === 0) return 'No changes to the published text.';
  return `${added} ${added === 1 ? 'line' : 'lines'} added, ${removed} removed, compared with the published text.`;
}

function rowElement(row: DiffRow): HTMLElement {
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
