/** The welcome page, `/demo`: the records, and a way into each for each demo user. */
import type { RecordSummary } from './api/demo-records.ts';
import { byId, element, setText } from './dom.ts';
import { errorMessage } from './session.ts';

const WAYS_IN = [
  { user: 'alice', label: 'as Alice', hint: 'clerk' },
  { user: 'bob', label: 'as Bob', hint: 'clerk' },
  { user: 'rita', label: 'as a reader', hint: 'may not edit' },
] as const;

void showRecords();

async function showRecords(): Promise<void> {
  const response = await fetch('/demo/api/records');
  if (!response.ok) {
    setText(byId('records-problem'), await errorMessage(response));
    return;
  }
  const { records } = (await response.json()) as { records: RecordSummary[] };
  byId('records').replaceChildren(...records.map(recordItem));
  setText(byId('records-problem'), records.length === 0 ? 'There are no records yet.' : '');
}

function recordItem({ id, title, type }: RecordSummary): HTMLElement {
  const links = WAYS_IN.map(({ user, label, hint }) =>
    element(
      'a',
      {
        href: `/demo/records/${encodeURIComponent(id)}?user=${user}`,
        target: '_blank',
        title: hint,
        'aria-label': `Open ${title} ${label}`,
      },
      `Open ${label}`,
    ),
  );
  return element(
    'li',
    { class: 'record' },
    element('div', {}, element('h3', {}, title), element('p', { class: 'quiet' }, type)),
    element('div', { class: 'ways-in' }, ...links),
  );
}
