/** The schemas of real editors: the demo's, without our own four nodes, and a bare StarterKit's. */

import { getSchema, Node } from '@tiptap/core';
import Image from '@tiptap/extension-image';
import { TaskItem, TaskList } from '@tiptap/extension-list';
import { TableKit } from '@tiptap/extension-table';
import StarterKit from '@tiptap/starter-kit';

const inlineAtom = { group: 'inline', inline: true, atom: true };
const attribute = (value: string) => ({ default: value });

/** Our own nodes as an editor must declare them. */
const civicRef = Node.create({
  name: 'civicRef',
  ...inlineAtom,
  addAttributes: () => ({ refType: attribute('record'), id: attribute(''), label: attribute('') }),
});
const footnoteReference = Node.create({
  name: 'footnoteReference',
  ...inlineAtom,
  addAttributes: () => ({ label: attribute('') }),
});
const footnoteDefinition = Node.create({
  name: 'footnoteDefinition',
  group: 'block',
  content: 'block+',
  defining: true,
  addAttributes: () => ({ label: attribute('') }),
});
const htmlInline = Node.create({
  name: 'htmlInline',
  ...inlineAtom,
  addAttributes: () => ({ html: attribute('') }),
});

export const starterKitSchema = getSchema([StarterKit]);

export const editorSchema = getSchema([
  StarterKit,
  TableKit,
  TaskList,
  TaskItem.configure({ nested: true }),
  Image.configure({ inline: true }),
  civicRef,
  footnoteReference,
  footnoteDefinition,
  htmlInline,
]);
