/**
 * Real Tiptap editors on a shared document: the demo's, one that was given nothing but StarterKit, one with less than
 * that, and one that knows what CivicPress' own schema does (its records are saved in that dialect).
 */

import './dom.ts';
import { Editor, type Extensions } from '@tiptap/core';
import Collaboration from '@tiptap/extension-collaboration';
import StarterKit from '@tiptap/starter-kit';
import type { Doc } from 'yjs';
import { featuresHeldBy } from '../../markdown/dialects.ts';
import {
  allFeatures,
  type DialectName,
  type Feature,
  type MarkdownOptions,
  type NodeJson,
  open,
} from '../../markdown/index.ts';
import { understood } from '../../markdown/spelling.ts';
import { recordExtensions } from '../../server/demo/pages/extensions.ts';

export interface EditorKind {
  readonly features: readonly Feature[];
  readonly extensions: Extensions;
  /** In which the document is opened and saved; the editor itself has Tiptap's names. */
  readonly dialect: DialectName;
}

const kit = { undoRedo: false } as const;
const unknownToCivicPress = ['taskList', 'taskItem', 'footnoteReference', 'footnoteDefinition', 'htmlInline'];

export const editorKinds = {
  starterKit: { features: ['strike'], extensions: [StarterKit.configure(kit)], dialect: 'tiptap' },
  demo: { features: allFeatures, extensions: recordExtensions, dialect: 'tiptap' },
  bare: { features: [], extensions: [StarterKit.configure({ ...kit, strike: false })], dialect: 'tiptap' },
  civicpress: {
    features: featuresHeldBy('civicpress'),
    extensions: [
      StarterKit.configure({ ...kit, strike: false, underline: false, trailingNode: false }),
      ...recordExtensions.filter(({ name }) => !['starterKit', ...unknownToCivicPress].includes(name)),
    ],
    dialect: 'civicpress',
  },
} as const satisfies Record<string, EditorKind>;

export function mountEditor(document_: Doc, kind: EditorKind): Editor {
  const element = document.createElement('div');
  document.body.append(element);
  const editor = new Editor({
    element,
    extensions: [...kind.extensions, Collaboration.configure({ document: document_ })],
  });
  editor.on('destroy', () => element.remove());
  return editor;
}

/** What a text opens as, in the names that the editors have. */
export function documentOf(markdown: string, options: MarkdownOptions): NodeJson {
  return understood(open(markdown, options).json, options.dialect ?? 'tiptap');
}
