/**
 * Shapes that texts from elsewhere brought up, written anew by hand: a word is deleted or changed, marks and all, and no
 * line changes but its own.
 */

import { describe, expect, it } from 'vitest';
import { type MarkdownOptions, type NodeJson, open, save } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { throughYDoc } from './helpers/through.ts';

/** Markdown before; what is replaced by what in the texts of a block; Markdown after. */
const shapes: Record<string, [string, string, string, string, MarkdownOptions?]> = {
  'emphasis that ends at a break and begins anew behind it': [
    '> *type* → *opaque* \\\n> *kind* → *boxed* \\\n> *type* → *meta*\n',
    'kind ',
    '',
    '> *type* → *opaque* \\\n> → *boxed* \\\n> *type* → *meta*\n',
  ],
  'emphasis that goes on behind a break': [
    '**one\\\ntwo three** four\n',
    'two ',
    '',
    '**one\\\nthree** four\n',
  ],
  'a reference before a wrap': [
    'you will need [Git]\nand words\n\n[Git]: /g\n',
    'Git ',
    '',
    'you will need\nand words\n\n[Git]: /g\n',
  ],
  'a word alone in its line, before one that is indented otherwise': [
    '- one\n two\n      three\n',
    'two ',
    '',
    '- one\n      three\n',
  ],
  'a word alone in its line, before a lazy one': [
    '> > one\n> > two\n> lazy\n',
    'two ',
    '',
    '> > one\n> lazy\n',
  ],
  'a word alone in its line, behind space at the end of a line': [
    'one \n   *two*\n    three\n',
    'two ',
    '',
    'one \n    three\n',
  ],
  'the last word of a link before a wrap': [
    '> see it,\n> as [a link here](/a)\n> says\n',
    'here ',
    '',
    '> see it,\n> as [a link](/a)\n> says\n',
  ],
  'a definition between two lists': [
    '- one\n- two\n\n[c]: /c\n\n- three [c]\n',
    'one',
    'first',
    '- first\n- two\n\n[c]: /c\n\n- three [c]\n',
  ],
  'the end of a text without a line break, which becomes like another line': [
    '* item\n\n* another item',
    'another ',
    '',
    '* item\n\n* item',
  ],
  'an address in what is no tag to a parser': [
    'a\n\n<Video\n  src="https://a.b/c.mp4"\n  ratio={6/7} />\n',
    'mp4',
    'webm',
    'a\n\n<Video\n  src="[https://a.b/c.webm](https://a.b/c.mp4)"\n  ratio={6/7} />\n',
    { features: [] },
  ],
  'a tag that would begin a line': [
    'const a = () => {\n  return <div>b</div>\n}\n',
    'return ',
    '',
    'const a = () => { <div>b</div>\n}\n',
    { features: [] },
  ],
  'a definition behind the marker of an item': [
    '- [r]: /a\n  one [r] two\n- last\n',
    'one',
    'first',
    '- [r]: /a\n  first [r] two\n- last\n',
  ],
  'two of them, and a blank line': [
    '> 1. [r]: /a\n>    [s]: /b\n>\n>    one [r] two\n> 2. last\n',
    'two',
    'second',
    '> 1. [r]: /a\n>    [s]: /b\n>\n>    one [r] second\n> 2. last\n',
  ],
  'one behind a footnote, indented by tabs': [
    'a[^f]\n\n[^f]:\t[r]: /a\n\tone [r] two\n',
    'one',
    'new one',
    'a[^f]\n\n[^f]:\t[r]: /a\n\tnew one [r] two\n',
  ],
  'a reference before a wrap, defined with a title of several words': [
    'To [old name]\nand so.\n\n[old name]: /a "One of the titles"\n',
    'old',
    'new',
    'To [new name](/a "One of the titles")\nand so.\n\n[old name]: /a "One of the titles"\n',
  ],
};

describe('a word edited beside', () => {
  it.each(Object.entries(shapes))('[M6] %s', (_, [markdown, old, next, expected, options]) => {
    const { json, base } = open(markdown, options);
    const live = throughYDoc(json);
    expect(replaced(live, old, next)).toBe(true);
    const saved = save({ json: throughYDoc(live), base });
    expect(saved).toBe(expected);
    expect(keyOf(open(saved, options).json)).toBe(keyOf(live));
  });
});

/** Replaces the first of it within one block, across texts with other marks: what is new takes those of the first. */
function replaced(node: NodeJson, old: string, next: string): boolean {
  const content = node.content ?? [];
  const text = content.map((child) => child.text ?? '\ufffc').join('');
  const from = content.some((child) => child.text !== undefined) ? text.indexOf(old) : -1;
  if (from < 0) return content.some((child) => replaced(child, old, next));
  let start = 0;
  node.content = content.flatMap((child) => {
    const own = child.text;
    const [first, last] = [Math.max(0, from - start), from + old.length - start];
    start += own?.length ?? 1;
    if (own === undefined || last <= 0 || first >= own.length) return [child];
    const isFirst = from >= start - own.length;
    const rest = own.slice(0, first) + (isFirst ? next : '') + own.slice(last);
    return rest === '' ? [] : [{ ...child, text: rest }];
  });
  return true;
}
