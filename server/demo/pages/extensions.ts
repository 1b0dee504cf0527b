/**
 * What the demo's editor knows: every node and mark of the server's Markdown schema.
 *
 * An editor deletes from the shared document, for everybody, whatever its schema lacks, just by opening it.
 * So this list is compared with the server's schema in a test; importing it needs no DOM.
 */
import { Extension, type Extensions } from '@tiptap/core';
import { TaskItem, TaskList } from '@tiptap/extension-list';
import { TableKit } from '@tiptap/extension-table';
import { StarterKit } from '@tiptap/starter-kit';
import { CivicRef } from './nodes/civic-ref.ts';
import { FootnoteDefinition } from './nodes/footnote-definition.ts';
import { FootnoteReference } from './nodes/footnote-reference.ts';
import { HtmlInline } from './nodes/html-inline.ts';
import { RecordImage } from './nodes/record-image.ts';

/**
 * Markdown has no underline, so nobody is led to make one. The mark itself stays in the schema: it may come from
 * another editor, and an unknown mark would empty the whole paragraph.
 */
const NoUnderlineShortcut = Extension.create({
  name: 'noUnderlineShortcut',
  priority: 1_000,
  addKeyboardShortcuts: () => ({ 'Mod-u': () => true, 'Mod-U': () => true }),
});

export const recordExtensions: Extensions = [
  StarterKit.configure({
    // Undo belongs to Collaboration, which takes back one's own edits only.
    undoRedo: false,
    // It would add a paragraph to a record just by opening it.
    trailingNode: false,
    // A text that looks like an address stays as its author wrote it, and a click places the caret.
    link: { autolink: false, openOnClick: false },
  }),
  NoUnderlineShortcut,
  TableKit.configure({ table: { resizable: false, renderWrapper: true } }),
  TaskList,
  TaskItem.configure({ nested: true }),
  RecordImage,
  CivicRef,
  FootnoteReference,
  FootnoteDefinition,
  HtmlInline,
];
