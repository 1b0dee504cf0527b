/**
 * The editor's toolbar: real buttons, one Tab stop, arrow keys between them (the toolbar pattern of WAI-ARIA).
 * A tool that is a state of the text has `aria-pressed`; one that acts has none.
 */
import type { Editor } from '@tiptap/core';
import { element } from './dom.ts';
import { type IconName, icon } from './icons.ts';
import { askForLink } from './link-dialog.ts';

interface Tool {
  label: string;
  /** As `aria-keyshortcuts` wants it. */
  keys?: string;
  face: IconName | { text: string; class?: string };
  run: (editor: Editor) => void;
  isPressed?: (editor: Editor) => boolean;
  /** Only for tools that at times have nothing to act on. */
  isPossible?: (editor: Editor) => boolean;
}

const HEADING_LEVELS = [1, 2, 3, 4] as const;

const TOOL_GROUPS: Tool[][] = [
  [
    {
      label: 'Bold',
      keys: 'Control+B',
      face: { text: 'B', class: 'face-bold' },
      run: (editor) => editor.chain().focus().toggleBold().run(),
      isPressed: (editor) => editor.isActive('bold'),
    },
    {
      label: 'Italic',
      keys: 'Control+I',
      face: { text: 'I', class: 'face-italic' },
      run: (editor) => editor.chain().focus().toggleItalic().run(),
      isPressed: (editor) => editor.isActive('italic'),
    },
    {
      label: 'Strikethrough',
      keys: 'Control+Shift+S',
      face: { text: 'S', class: 'face-strike' },
      run: (editor) => editor.chain().focus().toggleStrike().run(),
      isPressed: (editor) => editor.isActive('strike'),
    },
    {
      label: 'Code',
      keys: 'Control+E',
      face: 'code',
      run: (editor) => editor.chain().focus().toggleCode().run(),
      isPressed: (editor) => editor.isActive('code'),
    },
    {
      label: 'Link',
      face: 'link',
      run: askForLink,
      isPressed: (editor) => editor.isActive('link'),
    },
  ],
  HEADING_LEVELS.map((level) => ({
    label: `Heading ${level}`,
    keys: `Control+Alt+${level}`,
    face: { text: `H${level}` },
    run: (editor) => editor.chain().focus().toggleHeading({ level }).run(),
    isPressed: (editor) => editor.isActive('heading', { level }),
  })),
  [
    {
      label: 'Bullet list',
      keys: 'Control+Shift+8',
      face: 'bulletList',
      run: (editor) => editor.chain().focus().toggleBulletList().run(),
      isPressed: (editor) => editor.isActive('bulletList'),
    },
    {
      label: 'Numbered list',
      keys: 'Control+Shift+7',
      face: 'numberedList',
      run: (editor) => editor.chain().focus().toggleOrderedList().run(),
      isPressed: (editor) => editor.isActive('orderedList'),
    },
    {
      label: 'Task list',
      keys: 'Control+Shift+9',
      face: 'taskList',
      run: (editor) => editor.chain().focus().toggleTaskList().run(),
      isPressed: (editor) => editor.isActive('taskList'),
    },
    {
      label: 'Quote',
      keys: 'Control+Shift+B',
      face: 'quote',
      run: (editor) => editor.chain().focus().toggleBlockquote().run(),
      isPressed: (editor) => editor.isActive('blockquote'),
    },
    {
      label: 'Insert table',
      face: 'table',
      run: (editor) => editor.chain().focus().insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run(),
      isPossible: (editor) => !editor.isActive('table'),
    },
  ],
  [
    {
      label: 'Undo',
      keys: 'Control+Z',
      face: 'undo',
      run: (editor) => editor.chain().focus().undo().run(),
      isPossible: (editor) => editor.can().undo(),
    },
    {
      label: 'Redo',
      keys: 'Control+Shift+Z',
      face: 'redo',
      run: (editor) => editor.chain().focus().redo().run(),
      isPossible: (editor) => editor.can().redo(),
    },
  ],
];

/** Fills the element with tools, and keeps them in step with the editor. */
export function addToolbar(toolbar: HTMLElement, editor: Editor): void {
  const buttons: HTMLButtonElement[] = [];
  const updates: (() => void)[] = [];

  for (const tools of TOOL_GROUPS) {
    const group = element('div', { class: 'tool-group' });
    for (const tool of tools) {
      const button = buttonFor(tool, editor);
      updates.push(() => showState(button, tool, editor));
      buttons.push(button);
      group.append(button);
    }
    toolbar.append(group);
  }

  const update = () => {
    for (const each of updates) each();
  };
  // `transaction` covers typing, selection and undo; `update` covers a change of `editable`, which has no transaction.
  editor.on('transaction', update);
  editor.on('update', update);
  update();
  moveWithArrows(toolbar, buttons);
}

function buttonFor(tool: Tool, editor: Editor): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'tool', 'aria-label': tool.label });
  button.title = tool.keys ? `${tool.label} (${tool.keys.replace('Control', 'Ctrl')})` : tool.label;
  if (tool.keys) button.setAttribute('aria-keyshortcuts', tool.keys);
  button.append(
    typeof tool.face === 'string'
      ? icon(tool.face)
      : element('span', { 'aria-hidden': 'true', class: tool.face.class ?? '' }, tool.face.text),
  );
  // Keeps the selection in the text while the mouse is on a tool.
  button.addEventListener('mousedown', (event) => event.preventDefault());
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') tool.run(editor);
  });
  return button;
}

function showState(button: HTMLButtonElement, tool: Tool, editor: Editor): void {
  button.disabled = !editor.isEditable;
  if (tool.isPressed) button.setAttribute('aria-pressed', String(tool.isPressed(editor)));
  // Not `disabled`: a button that switches itself off would take the keyboard's focus with it.
  if (tool.isPossible) button.setAttribute('aria-disabled', String(!tool.isPossible(editor)));
}

function moveWithArrows(toolbar: HTMLElement, buttons: HTMLButtonElement[]): void {
  const makeTabStop = (current: HTMLButtonElement) => {
    for (const button of buttons) button.tabIndex = button === current ? 0 : -1;
  };
  makeTabStop(buttons[0]!);
  toolbar.addEventListener('focusin', (event) => makeTabStop(event.target as HTMLButtonElement));
  toolbar.addEventListener('keydown', (event) => {
    const index = buttons.indexOf(event.target as HTMLButtonElement);
    const target = {
      ArrowRight: buttons[(index + 1) % buttons.length],
      ArrowLeft: buttons.at(index - 1),
      Home: buttons[0],
      End: buttons.at(-1),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    target.focus();
  });
}
