/** Real Tiptap editors on a shared document: the demo's, and one that was given nothing but StarterKit. */

import './dom.ts';
import { Editor, type Extensions } from '@tiptap/core';
import Collaboration from '@tiptap/extension-collaboration';
import StarterKit from '@tiptap/starter-kit';
import type { Doc } from 'yjs';
import { allFeatures, type Feature } from '../../markdown/index.ts';
import { recordExtensions } from '../../server/demo/pages/extensions.ts';

export interface EditorKind {
  readonly features: readonly Feature[];
  readonly extensions: Extensions;
}

export const editorKinds = {
  starterKit: { features: ['strike'], extensions: [StarterKit.configure({ undoRedo: false })] },
  demo: { features: allFeatures, extensions: recordExtensions },
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
