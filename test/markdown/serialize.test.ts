/** Printing takes any document, also one that no schema allows, and loses no word of it. */

import { describe, expect, it } from 'vitest';
import { type NodeJson, open, print, save, schema } from '../../markdown/index.ts';
import { plainText } from '../../markdown/json.ts';
import { randomFrom } from './helpers/random.ts';

const types = [...Object.keys(schema.nodes), 'callout', 'mention'].filter(
  (type) => type !== 'text' && type !== 'doc',
);
const marks = [...Object.keys(schema.marks), 'glow'];

function nonsense(seed: number): NodeJson {
  const random = randomFrom(seed);
  let words = 0;
  const node = (depth: number): NodeJson => {
    if (depth > 4 || random(3) === 0) {
      const some = marks.filter(() => random(5) === 0).map((type) => ({ type }));
      words += 1;
      return { type: 'text', text: ` w${words}x `, ...(some.length > 0 && { marks: some }) };
    }
    const content = Array.from({ length: random(4) }, () => node(depth + 1));
    const attrs = [undefined, {}, { level: 99, start: -5, language: null, checked: 'yes' }][random(3)];
    return { type: types[random(types.length)] ?? 'paragraph', content, ...(attrs && { attrs }) };
  };
  return { type: 'doc', content: Array.from({ length: 4 }, () => node(0)) };
}

describe('a document of nonsense', () => {
  it('is printed, with all its words', () => {
    const { base } = open('# a\n\nb\n');
    for (let seed = 1; seed <= 60; seed += 1) {
      const json = nonsense(seed);
      const atoms = new Set([
        'image',
        'htmlInline',
        'civicRef',
        'footnoteReference',
        'hardBreak',
        'horizontalRule',
      ]);
      const wanted = plainText(withoutInside(json, atoms)).match(/w\d+x/g) ?? [];
      for (const markdown of [print(json), save({ json, base })]) {
        for (const word of wanted) expect(markdown, `seed ${seed}`).toContain(word);
      }
    }
  });

  it('may call its nodes and marks what every object has', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const text = { type: 'text', text: 'words', marks: names.map((type) => ({ type })) };
    const content = names.flatMap((type) => [
      { type, content: [text] },
      { type, attrs: { x: 1 } },
      { type: 'paragraph', content: [{ type, content: [text] }] },
    ]);
    const json = { type: 'doc', content };
    const { base } = open('# a\n\nb\n');
    for (const markdown of [print(json), save({ json, base })]) {
      expect(markdown.split('words')).toHaveLength(2 * names.length + 1);
    }
  });

  it('may be no document at all', () => {
    expect(print({ type: 'doc' })).toBe('');
    expect(print({ type: 'paragraph', content: [{ type: 'text', text: 'a' }] })).toBe('a\n');
  });
});

/** What stands inside an atom is not text of the document. */
function withoutInside(node: NodeJson, atoms: ReadonlySet<string>): NodeJson {
  const { content, ...rest } = node;
  if (!content || atoms.has(node.type)) return rest;
  return { ...rest, content: content.map((child) => withoutInside(child, atoms)) };
}
