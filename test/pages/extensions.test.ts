import { getSchema } from '@tiptap/core';
import { describe, expect, it } from 'vitest';
import { recordExtensions } from '../../server/demo/pages/extensions.ts';

const schema = getSchema(recordExtensions);

describe("the editor's schema", () => {
  it('has every node of a record, and no other', () => {
    expect(Object.keys(schema.nodes).sort()).toEqual(
      [
        'doc text paragraph heading blockquote horizontalRule hardBreak codeBlock image',
        'bulletList orderedList listItem taskList taskItem',
        'table tableRow tableHeader tableCell',
        'civicRef footnoteReference footnoteDefinition htmlInline',
      ]
        .join(' ')
        .split(' ')
        .sort(),
    );
  });

  it('has every mark of a record, and no other', () => {
    expect(Object.keys(schema.marks).sort()).toEqual([
      'bold',
      'code',
      'italic',
      'link',
      'strike',
      'underline',
    ]);
  });

  it.each([
    ['civicRef', ['refType', 'id', 'label']],
    ['footnoteReference', ['label']],
    ['footnoteDefinition', ['label']],
    ['htmlInline', ['html']],
    ['tableCell', ['colspan', 'rowspan', 'colwidth', 'align']],
    ['tableHeader', ['colspan', 'rowspan', 'colwidth', 'align']],
    ['codeBlock', ['language']],
    ['taskItem', ['checked']],
  ])('gives %s its attributes', (name, attributes) => {
    expect(Object.keys(schema.nodes[name]?.spec.attrs ?? {})).toEqual(attributes);
  });

  it('holds images, references and footnotes inside a paragraph, and blocks inside a footnote', () => {
    for (const name of ['image', 'civicRef', 'footnoteReference', 'htmlInline']) {
      expect(schema.nodes[name]?.isInline && schema.nodes[name]?.isLeaf, name).toBe(true);
    }
    expect(schema.nodes.footnoteDefinition?.spec.content).toBe('block+');
  });
});
