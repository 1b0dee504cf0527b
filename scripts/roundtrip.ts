/**
 * A filter: what opening and saving a Markdown file gives, `npm run --silent roundtrip < file.md`.
 *
 * Without an edit that is the file, byte for byte. `-- --edit 'old=>new'` replaces the first `old` as somebody would
 * in a Tiptap editor that has the document open; `--features table,image` says what that editor knows (default: all);
 * `--no-through-ydoc` leaves out the Y.Doc that the server would keep.
 */
import { parseArgs } from 'node:util';
import { getSchema } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { Transform } from '@tiptap/pm/transform';
import { applyUpdate, Doc } from 'yjs';
import {
  allFeatures,
  type Feature,
  jsonOf,
  type NodeJson,
  open,
  replaceContent,
  save,
  seedUpdate,
} from '../markdown/index.ts';
import { recordExtensions } from '../server/demo/pages/extensions.ts';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    edit: { type: 'string' },
    features: { type: 'string', default: allFeatures.join(',') },
    'through-ydoc': { type: 'boolean', default: true },
  },
});

try {
  process.stdout.write(roundtrip(await standardInput()));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function roundtrip(markdown: Uint8Array): string {
  const features = featuresOf(options.features);
  const { json, base } = open(markdown, { features });
  const document = new Doc();
  if (options['through-ydoc']) applyUpdate(document, seedUpdate(json, 'roundtrip'));
  const opened = options['through-ydoc'] ? jsonOf(document) : json;
  if (options.edit === undefined) return save({ json: opened, base });

  const edited = edit(opened, options.edit);
  if (!options['through-ydoc']) return save({ json: edited, base });
  replaceContent(document, edited);
  return save({ json: jsonOf(document), base });
}

function edit(json: NodeJson, instruction: string): NodeJson {
  const [old, replacement, ...rest] = instruction.split('=>');
  if (!old || replacement === undefined || rest.length > 0) throw new Error("--edit takes 'old=>new'");
  const document = getSchema(recordExtensions).nodeFromJSON(json);
  const at = positionOf(document, old);
  const transform = new Transform(document);
  transform.replaceWith(at, at + old.length, document.type.schema.text(replacement, marksAt(document, at)));
  return transform.doc.toJSON();
}

/** Where a text first stands within one text node, so that one keystroke after the other could have replaced it. */
function positionOf(document: Node, text: string): number {
  let found = -1;
  document.descendants((node, position) => {
    if (found < 0 && node.isText && node.text?.includes(text)) found = position + node.text.indexOf(text);
    return found < 0;
  });
  if (found < 0) throw new Error(`the document does not say "${text}"`);
  return found;
}

function marksAt(document: Node, position: number) {
  return document.nodeAt(position)?.marks ?? [];
}

function featuresOf(list: string): Feature[] {
  const names = list === '' ? [] : list.split(',');
  const unknown = names.filter((name) => !(allFeatures as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new Error(`no features: ${unknown.join(', ')}. There are: ${allFeatures.join(', ')}`);
  return names as Feature[];
}

async function standardInput(): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(process.stdin));
}
