/**
 * Asks for a link's address. Tiptap refuses addresses that could run code, such as `javascript:`,
 * and the dialog then stays open and says so.
 */
import type { Editor } from '@tiptap/core';
import { byId } from './dom.ts';

export function askForLink(editor: Editor): void {
  const dialog = byId<HTMLDialogElement>('link-dialog');
  const form = byId<HTMLFormElement>('link-form');
  const address = byId<HTMLInputElement>('link-address');
  const remove = byId<HTMLButtonElement>('link-remove');

  const current = editor.getAttributes('link').href as string | undefined;
  address.value = current ?? '';
  address.setCustomValidity('');
  remove.hidden = current === undefined;

  form.onsubmit = (event) => {
    event.preventDefault();
    const href = address.value.trim();
    if (editor.can().setLink({ href })) {
      setLink(editor, href);
      dialog.close();
    } else {
      address.setCustomValidity('This address is not allowed here.');
      address.reportValidity();
    }
  };
  address.oninput = () => address.setCustomValidity('');
  remove.onclick = () => {
    editor.chain().extendMarkRange('link').unsetLink().run();
    dialog.close();
  };
  byId<HTMLButtonElement>('link-cancel').onclick = () => dialog.close();
  dialog.onclose = () => editor.commands.focus();
  dialog.showModal();
}

/** Without a selection and outside of a link there is no text to link, so the address is the text. */
function setLink(editor: Editor, href: string): void {
  const { empty, from } = editor.state.selection;
  if (empty && !editor.isActive('link')) {
    editor
      .chain()
      .insertContentAt(from, { type: 'text', text: href })
      .setTextSelection({ from, to: from + href.length })
      .setLink({ href })
      .setTextSelection(from + href.length)
      .run();
  } else {
    editor.chain().extendMarkRange('link').setLink({ href }).run();
  }
}
