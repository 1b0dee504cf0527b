/**
 * A filter: what opening and saving a Markdown file gives, `npm run --silent roundtrip < file.md`.
 *
 * Without an edit that is the file, byte for byte. `-- --edit 'old=>new'` replaces the first `old` as somebody would
 * in an editor that has the document open; `--features table,image` says what that editor knows (default: all);
 * `--dialect civicpress` gives it CivicPress' own schema in place of Tiptap's; `--no-through-ydoc` leaves out the Y.Doc
 * that the server would keep.
 */
import { parseArgs } from 'node:util';
import { getSchema } from '@tiptap/core';
import type { Node, Schema } from '@tiptap/pm/model';
import { Transform } from '@tiptap/pm/transform';
import { applyUpdate, Doc } from 'yjs';
import {
  jsonOf,
  type NodeJson,
  open,
  replaceContent,
  save,
  schemaOf,
  seedUpdate,
} from '../markdown/index.ts';
import { editorOf } from '../server/cli/convert.ts';
import { recordExtensions } from '../server/demo/pages/extensions.ts';

try {
  process.stdout.write(roundtrip(await standardInput(), optionsFrom(process.argv.slice(2))));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function optionsFrom(args: string[]) {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      edit: { type: 'string' },
      dialect: { type: 'string', default: 'tiptap' },
      features: { type: 'string' },
      'through-ydoc': { type: 'boolean', default: true },
    },
  });
  return values;
}

function roundtrip(markdown: Uint8Array, options: ReturnType<typeof optionsFrom>): string {
  const { dialect, features } = editorOf(options);
  const { json, base } = open(markdown, { dialect, features });
  const document = new Doc();
  if (options['through-ydoc']) applyUpdate(document, seedUpdate(json, 'roundtrip', dialect));
  const opened = options['through-ydoc'] ? jsonOf(document, dialect) : json;
  if (options.edit === undefined) return save({ json: opened, base });

  const schema = dialect === 'tiptap' ? getSchema(recordExtensions) : schemaOf(dialect);
  const edited = edit(opened, options.edit, schema);
  if (!options['through-ydoc']) return save({ json: edited, base });
  replaceContent(document, edited, { dialect });
  return save({ json: jsonOf(document, dialect), base });
}

function edit(json: NodeJson, instruction: string, schema: Schema): NodeJson {
  const [old, replacement, ...rest] = instruction.split('=>');
  if (!old || replacement === undefined || rest.length > 0) throw new Error("--edit takes 'old=>new'");
  const document = schema.nodeFromJSON(json);
  const at = positionOf(document, old);
  const transform = new Transform(document);
  const text = replacement === '' ? [] : schema.text(replacement, marksAt(document, at));
  transform.replaceWith(at, at + old.length, text);
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

async function standardInput(): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(process.stdin));
}
