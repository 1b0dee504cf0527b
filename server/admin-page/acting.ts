/** What an operator does: asked for once more where people notice, done, and said in one line. */
import { byId, setText } from '../demo/pages/dom.ts';

export interface Question {
  question: string;
  detail: string;
  /** What the button says. */
  yes: string;
}

/** Whether they are sure. */
export function confirmed({ question, detail, yes }: Question): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('confirm');
  setText(byId('confirm-question'), question);
  setText(byId('confirm-detail'), detail);
  setText(byId('confirm-yes'), yes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

export interface Action {
  label: string;
  /** Says which one, where there are many of them. */
  about: string;
  sure?: Question;
  /** Resolves with what is said when it is done. */
  run: () => Promise<string>;
}

/** @param then looks again */
export function actionButton({ label, about, sure, run }: Action, then: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.setAttribute('aria-label', `${label}: ${about}`);
  button.addEventListener('click', async () => {
    if (sure && !(await confirmed(sure))) return;
    button.disabled = true;
    try {
      const said = await run();
      setText(byId('problem'), '');
      setText(byId('done'), said);
    } catch (error) {
      setText(byId('done'), '');
      setText(byId('problem'), (error as Error).message);
    } finally {
      button.disabled = false;
    }
    then();
  });
  return button;
}
