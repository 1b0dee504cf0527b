/** The way that every text goes in production: Markdown → JSON → Y.Doc → JSON. */

import * as Y from 'yjs';
import {
  jsonOf,
  type MarkdownOptions,
  type NodeJson,
  open,
  print,
  seedUpdate,
  sniffStyle,
} from '../../../markdown/index.ts';

export function throughYDoc(json: NodeJson, { dialect }: MarkdownOptions = {}): NodeJson {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, seedUpdate(json, 'test', dialect));
  return jsonOf(doc, dialect);
}

/** The text printed anew, without the help of its own bytes. */
export function printedAnew(markdown: string, options: MarkdownOptions = {}): string {
  return print(throughYDoc(open(markdown, options).json, options), sniffStyle(markdown), options);
}
