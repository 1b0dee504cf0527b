/** Real records, bylaws, laws and government pages: not a byte changes by opening them. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { updateYFragment, yXmlFragmentToProseMirrorRootNode } from 'y-prosemirror';
import * as Y from 'yjs';
import {
  isAlike,
  type MarkdownOptions,
  open,
  save,
  schema,
  schemaOf,
  seedUpdate,
} from '../../markdown/index.ts';
import { civicpressSchema } from './helpers/civicpress.ts';
import { renderHtml } from './helpers/html.ts';
import { printedAnew, throughYDoc } from './helpers/through.ts';
import { editorSchema, starterKitSchema } from './helpers/tiptap.ts';

const folder = join(import.meta.dirname, '../../../shared/corpus');
const files = existsSync(folder) ? globSync('**/*.md', { cwd: folder }).sort() : [];
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

it('is there', () => {
  expect(
    files.length,
    `no corpus: ${folder} must hold Markdown files (it is not part of the repository)`,
  ).toBeGreaterThan(0);
});

const editors: { name: string; options: MarkdownOptions; schemas: (typeof schema)[] }[] = [
  { name: 'all features', options: {}, schemas: [schema, editorSchema] },
  { name: 'a bare StarterKit', options: { features: [] }, schemas: [schema, starterKitSchema] },
  {
    name: "CivicPress' own schema",
    options: { dialect: 'civicpress' },
    schemas: [schemaOf('civicpress'), civicpressSchema],
  },
];

describe.each(editors)('the corpus with $name', ({ name, options, schemas }) => {
  it.each(files)('[M1] [M4] %s keeps every byte and fits the editor', (file) => {
    const markdown = read(file);
    const { json, base } = open(markdown, options);
    for (const each of schemas) each.nodeFromJSON(json).check();
    expect(save({ json: throughYDoc(json, options), base })).toBe(markdown);
  });

  it.each(files)('[M4] %s is not changed by an editor that opens it', (file) => {
    const ydoc = new Y.Doc();
    Y.applyUpdate(ydoc, seedUpdate(open(read(file), options).json, file, options.dialect));
    const fragment = ydoc.getXmlFragment('default');
    let updates = 0;
    ydoc.on('update', () => updates++);
    for (const each of schemas) {
      // What the sync plugin does: build the editor's document (which deletes what does not fit), write it back.
      const shown = yXmlFragmentToProseMirrorRootNode(fragment, each);
      updateYFragment(ydoc, fragment, shown, { mapping: new Map(), isOMark: new Map() });
    }
    expect(updates).toBe(0);
  });

  it('[M2] renders the same when printed anew, and reads as the same document', () => {
    const failing: string[] = [];
    for (const file of files) {
      const body = bodyOf(read(file));
      const anew = printedAnew(body, options);
      if (renderHtml(anew) !== renderHtml(body)) failing.push(file);
      expect(isAlike(open(anew, options), open(body, options)), file).toBe(true);
    }
    console.info(`corpus with ${name}: ${files.length - failing.length} of ${files.length} render the same`);
    expect(failing).toEqual([]);
  });
});

describe('one word edited in a civic record', () => {
  it('changes one line in most, and never another block', () => {
    const records = files.filter((file) => file.startsWith('civicpress-records/'));
    const changed = records.map((file) => {
      const markdown = read(file);
      const { json, base } = open(markdown);
      const text = textsOf(json).find((node) => /\p{L}{4}/u.test(node.text ?? ''));
      if (text) text.text = text.text?.replace(/\p{L}{4,}/u, 'Edited') ?? '';
      const before = markdown.split('\n');
      const after = new Set(save({ json, base }).split('\n'));
      return before.filter((line) => !after.has(line)).length;
    });
    const minimal = changed.filter((lines) => lines === 1).length;
    console.info(`one word edited: ${minimal} of ${records.length} records change by one line`);
    expect(minimal / records.length).toBeGreaterThanOrEqual(0.9);
    expect(Math.max(...changed)).toBeLessThanOrEqual(3);
  });
});

function bodyOf(markdown: string): string {
  return markdown.replace(/^---\r?\n[\s\S]*?\n---[ \t]*(?:\r?\n|$)/, '').replace(/\r\n?/g, '\n');
}

function textsOf(node: ReturnType<typeof open>['json']): ReturnType<typeof open>['json'][] {
  if (node.text !== undefined) return [node];
  return node.type === 'codeBlock' ? [] : (node.content ?? []).flatMap(textsOf);
}
