/** One document in the names of two editors. */

import type { Schema } from 'prosemirror-model';
import { describe, expect, it } from 'vitest';
import { yXmlFragmentToProseMirrorRootNode } from 'y-prosemirror';
import * as Y from 'yjs';
import {
  allFeatures,
  dialectNames,
  featuresHeldBy,
  jsonOf,
  type NodeJson,
  open,
  print,
  rebase,
  replaceContent,
  save,
  schemaOf,
  seedUpdate,
  usualFeaturesOf,
} from '../../markdown/index.ts';
import { graft } from '../../markdown/merge.ts';
import { civicpressSchema } from './helpers/civicpress.ts';

const dialect = 'civicpress';
const node = (type: string, content: NodeJson[], attrs?: Record<string, unknown>): NodeJson => ({
  type,
  ...(attrs && { attrs }),
  content,
});
const text = (value: string, ...marks: string[]): NodeJson =>
  marks.length > 0
    ? { type: 'text', text: value, marks: marks.map((type) => ({ type })) }
    : { type: 'text', text: value };
const doc = (...content: NodeJson[]) => node('doc', content);

describe('the dialects', () => {
  it.each(dialectNames)('[M10] %s holds what its schema has nodes for', (name) => {
    const { nodes } = schemaOf(name);
    expect(featuresHeldBy(name).includes('taskList')).toBe('taskItem' in nodes);
    expect(featuresHeldBy(name)).toEqual(expect.arrayContaining([...usualFeaturesOf(name)]));
  });

  it('know which features an editor has unless it was given more', () => {
    expect(usualFeaturesOf('tiptap')).toEqual(['strike']);
    expect(usualFeaturesOf('civicpress')).toEqual(['table', 'image', 'civicRef']);
    expect(featuresHeldBy('tiptap')).toEqual(allFeatures);
  });
});

describe("CivicPress' own schema", () => {
  const shapeOf = (schema: Schema) =>
    Object.fromEntries(
      [...Object.values(schema.nodes), ...Object.values(schema.marks)].map(({ name, spec }) => [
        name,
        Object.entries(spec.attrs ?? {}).map(([attr, { default: unset }]) => [attr, unset ?? null]),
      ]),
    );

  it('has the names, attributes and values of the real one', () => {
    expect(shapeOf(schemaOf(dialect))).toEqual(shapeOf(civicpressSchema));
    expect(Object.keys(schemaOf(dialect).marks)).toEqual(Object.keys(civicpressSchema.marks));
  });

  it('[M10] is what a document is opened in, and saved from', () => {
    const markdown = '## A *b* __c__\n\n3) d\n4) e\n\n```js\nf\n```\n\n![g](h "i")\n\n| j |\n|:-:|\n| k |\n';
    const { json, base } = open(markdown, { dialect });
    expect(json).toEqual(
      doc(
        node('heading', [text('A '), text('b', 'em'), text(' '), text('c', 'strong')], { level: 2 }),
        node(
          'ordered_list',
          ['d', 'e'].map((item) => node('list_item', [node('paragraph', [text(item)])])),
          { order: 3 },
        ),
        node('code_block', [text('f')], { params: 'js' }),
        node('paragraph', [{ type: 'image', attrs: { src: 'h', alt: 'g', title: 'i' } }]),
        node('table', [
          node('table_row', [node('table_header', [node('paragraph', [text('j')])], { align: 'center' })]),
          node('table_row', [node('table_cell', [node('paragraph', [text('k')])], { align: 'center' })]),
        ]),
      ),
    );
    civicpressSchema.nodeFromJSON(json).check();
    expect(save({ json, base })).toBe(markdown);
    const live = JSON.parse(JSON.stringify(json).replace('"c"', '"see"'));
    expect(save({ json: live, base })).toBe(markdown.replace('__c__', '__see__'));
  });

  it('[M10] holds what it has no node for as source', () => {
    const markdown = '- [ ] a\n- [x] ~~b~~\n\nc[^1]<b>\n\n[^1]: d\n';
    const { json, base } = open(markdown, { dialect });
    expect(base.features).toEqual(['table', 'image', 'civicRef']);
    expect(json.content?.map(({ type }) => type)).toEqual(['bullet_list', 'paragraph', 'code_block']);
    expect(JSON.stringify(json)).toContain('[x] ~~b~~');
    expect(save({ json, base })).toBe(markdown);
  });

  it('[M10] keeps marks in the order of the schema', () => {
    const { json } = open('***a***[*b*](/c)\n', { dialect });
    const marks = json.content?.[0]?.content?.map((part) => part.marks?.map(({ type }) => type));
    expect(marks).toEqual([
      ['em', 'strong'],
      ['link', 'em'],
    ]);
    const ydoc = new Y.Doc();
    Y.applyUpdate(ydoc, seedUpdate(json, 'a', dialect));
    civicpressSchema.nodeFromJSON(jsonOf(ydoc, dialect)).check();
  });

  it('writes the attributes that its editor would', () => {
    const ydoc = new Y.Doc();
    const { json } = open('```\na\n```\n\n1. b\n', { dialect });
    Y.applyUpdate(ydoc, seedUpdate(json, 'a', dialect));
    expect(ydoc.getXmlFragment('default').toString()).toBe(
      '<code_block params="">a</code_block>' +
        '<ordered_list order="1"><list_item><paragraph>b</paragraph></list_item></ordered_list>',
    );
    const shown = yXmlFragmentToProseMirrorRootNode(ydoc.getXmlFragment('default'), civicpressSchema);
    expect(shown.firstChild?.attrs).toEqual({ params: '' });
    replaceContent(ydoc, open('```\na\n```\n\n2. b\n', { dialect }).json, { dialect });
    expect(ydoc.getXmlFragment('default').toString()).toContain('order="2"');
  });

  it('prints a document that grew from nothing', () => {
    const json = doc(node('bullet_list', [node('list_item', [node('paragraph', [text('a', 'strong')])])]));
    expect(print(json, undefined, { dialect })).toBe('- **a**\n');
  });
});

describe('a stranger', () => {
  const { base } = open('a\n', { dialect });

  it('[M3] is what bears a name of another dialect: its text is kept', () => {
    const strangers = doc(
      node('codeBlock', [text('b')], { language: '=md' }),
      node('paragraph', [text('c', 'bold')]),
      node('callout', [node('paragraph', [text('d')])], { level: 3 }),
    );
    expect(save({ json: strangers, base })).toBe('b\n\nc\n\nd\n');
    expect(save({ json: strangers, base: { ...base, dialect: 'tiptap' } })).toBe('b\n\n**c**\n\nd\n');
  });

  it('[M3] comes through a merge with what changed outside as it was', () => {
    const stranger = node('codeBlock', [text('b')], { language: 'js' });
    const live = doc(node('paragraph', [text('a')]), stranger);
    const wanted = open('new\n\na\n\nb\n', { dialect }).json;
    expect(graft(live, wanted, dialect).content).toContainEqual(node('paragraph', [text('new')]));
    expect(rebase({ json: live, base }).markdown).toBe('a\n\nb\n');
  });

  it('[M10] has attributes of its own where they are called as ours are', () => {
    const odd = doc(node('code_block', [text('b')], { language: '=md', params: '' }));
    expect(save({ json: odd, base })).toBe('```\nb\n```\n');
  });
});
