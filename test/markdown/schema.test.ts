/** Our schema is the editor's: an editor deletes, for everybody, whatever its own lacks. */

import { describe, expect, it } from 'vitest';
import { schema } from '../../markdown/index.ts';
import { editorSchema, starterKitSchema } from './helpers/tiptap.ts';

const specOf = ({ spec }: { spec: object }) => {
  const {
    parseDOM: _in,
    toDOM: _out,
    leafText: _text,
    toText: _plain,
    ...rules
  } = spec as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rules).map(([name, value]) => [name, name === 'attrs' ? defaults(value) : value]),
  );
};
const defaults = (attrs: unknown) =>
  Object.fromEntries(
    Object.entries(attrs as Record<string, { default: unknown }>).map(([name, spec]) => [name, spec.default]),
  );

describe('the schema', () => {
  it('has the nodes of the demo editor, and no others', () => {
    expect(Object.keys(schema.nodes).sort()).toEqual(Object.keys(editorSchema.nodes).sort());
  });

  it('has the marks of the demo editor, in the same order', () => {
    expect(Object.keys(schema.marks)).toEqual(Object.keys(editorSchema.marks));
  });

  it.each(Object.keys(schema.nodes))('declares %s as Tiptap does', (name) => {
    expect(specOf(schema.nodes[name]!)).toEqual(specOf(editorSchema.nodes[name]!));
  });

  it.each(Object.keys(schema.marks))('declares the mark %s as Tiptap does', (name) => {
    expect(specOf(schema.marks[name]!)).toEqual(specOf(editorSchema.marks[name]!));
  });

  it('has all of a bare StarterKit', () => {
    expect(Object.keys(schema.nodes)).toEqual(expect.arrayContaining(Object.keys(starterKitSchema.nodes)));
  });
});
