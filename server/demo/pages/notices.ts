/** Notices above the editor: one per cause, shown until its cause is gone. */
import { byId, element } from './dom.ts';

export interface Notice {
  kind: 'warning' | 'error';
  text: string;
  /** What the reader can do about it. */
  action?: { label: string; run: () => void };
}

const shown = new Map<string, HTMLElement>();

/** Shows a notice, in place of an earlier one with the same cause. */
export function showNotice(cause: string, { kind, text, action }: Notice): void {
  const before = shown.get(cause);
  if (before?.dataset.text === text) return;
  const notice = element(
    'div',
    { class: `notice ${kind}`, role: 'alert', 'data-text': text },
    element('p', {}, text),
  );
  if (action) {
    const button = element('button', { type: 'button' }, action.label);
    button.addEventListener('click', action.run);
    notice.append(button);
  }
  if (before) before.replaceWith(notice);
  else byId('notices').append(notice);
  shown.set(cause, notice);
}

export function clearNotice(cause: string): void {
  shown.get(cause)?.remove();
  shown.delete(cause);
}
