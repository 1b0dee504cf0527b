/**
 * Beside the editor: the record's Markdown as CivicPress stores it, and its difference to the published text.
 */
import type { RecordTexts } from './api/demo-records.ts';
import { rowElement } from './diff-rows.ts';
import { byId, setText } from './dom.ts';
import { countChanges, lineDiff } from './line-diff.ts';

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
