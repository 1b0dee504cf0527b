/** What nobody edited keeps its bytes. */

import { describe, expect, it } from 'vitest';
import { MarkdownError, type NodeJson, open, save } from '../../markdown/index.ts';
import { doc, h, li, p, table, ul } from './helpers/build.ts';
import { throughYDoc } from './helpers/through.ts';

/** Saves the document of `markdown` after `edit`. */
function edited(markdown: string, edit: (blocks: NodeJson[]) => void): string {
  const { json, base } = open(markdown);
  const live = structuredClone(json);
  live.content ??= [];
  edit(live.content);
  return save({ json: live, base });
}

describe('without an edit', () => {
  it.each([
    '',
    '\n\n',
    '\uFEFF# a\r\n\r\nb\r\n',
    'a\rb\r',
    'mixed\r\nendings\nhere',
    '---\ntitle: a\n---\nb',
    '+++\ntitle = "a"\n+++\n\nb\n\n\n',
    '---\ntitle: a\n---',
    '---\n---\na',
    '[a]: /b "unused"\n',
    'a [b] c\n\n[b]: /c\n',
    '<!-- a -->\nb\n:::note\nc\n:::\n$$\nd\n$$\n',
    'a\u0000b\tc\u2028d\n\ttabs\n',
    '*   a\n\n\n+ b\n1) c\n',
  ])('%j comes back', (markdown) => {
    const { json, base } = open(markdown);
    expect(save({ json: throughYDoc(json), base })).toBe(markdown);
  });

  it('what an editor adds by itself is no edit', () => {
    const markdown = '[a](/b)\n\n|a|\n|-|\n|b|\n';
    const { json, base } = open(markdown);
    const cell = { type: 'tableCell', attrs: { colspan: 1, colwidth: [100] }, content: [p('b')] };
    const header = { type: 'tableHeader', attrs: { colspan: 1, rowspan: 1 }, content: [p('a')] };
    const linked = {
      type: 'text',
      text: 'a',
      marks: [{ type: 'link', attrs: { href: '/b', target: '_blank' } }],
    };
    const live = doc(
      p(linked),
      table({ type: 'tableRow', content: [header] }, { type: 'tableRow', content: [cell] }),
      p(),
    );
    expect(save({ json: live, base })).toBe(markdown);
    expect(save({ json, base })).toBe(markdown);
  });
});

describe('with an edit', () => {
  it('[M1] other blocks keep their bytes, and the gaps too', () => {
    const markdown =
      '---\na: 1\n---\n\nTitle\n=====\n*   one\n*   two\n\n\n[x]: /y\n\nwrapped\nlines [x]\n\nend';
    expect(edited(markdown, (blocks) => blocks.splice(3, 1, p('new')))).toBe(markdown.replace(/end$/, 'new'));
    expect(edited(markdown, (blocks) => blocks.splice(0, 1, h(1, 'Name')))).toBe(
      markdown.replace('Title', 'Name'),
    );
    expect(edited(markdown, (blocks) => blocks.splice(1, 1))).toBe(
      markdown.replace('*   one\n*   two\n', ''),
    );
    expect(edited(markdown, (blocks) => blocks.splice(2, 0, p('new')))).toBe(
      markdown.replace('two\n', 'two\n\nnew\n'),
    );
  });

  it('a changed block keeps its own style', () => {
    const markdown = '- a\n\n* b\n* c\n';
    const list = ul(li(p('b')), li(p('x')));
    expect(edited(markdown, (blocks) => blocks.splice(1, 1, list))).toBe('- a\n\n* b\n* x\n');
  });

  it('line endings and the missing last one stay', () => {
    expect(edited('a\r\n\r\nb\r\n', (blocks) => blocks.splice(1, 0, p('new')))).toBe(
      'a\r\n\r\nnew\r\n\r\nb\r\n',
    );
    expect(edited('a\n\nb', (blocks) => blocks.push(p('new')))).toBe('a\n\nb\n\nnew');
    expect(edited('', (blocks) => blocks.splice(0, 1, p('new')))).toBe('new\n');
  });

  it('frontmatter stays when everything goes', () => {
    expect(edited('---\na: 1\n---\n\nb\n', (blocks) => blocks.splice(0, 1))).toBe('---\na: 1\n---\n');
    expect(edited('---\na: 1\n---', (blocks) => blocks.splice(0, 1, p('b')))).toBe('---\na: 1\n---\nb\n');
  });

  it('a slice that would be read differently is printed instead', () => {
    const markdown = '# a\nb\n';
    expect(edited(markdown, (blocks) => blocks.splice(0, 1, p('a')))).toBe('a\n\nb\n');
    expect(edited('- a\n\nb\n\n- c\n', (blocks) => blocks.splice(1, 1))).toBe('- a\n\n* c\n');
  });
});

describe('what is no text', () => {
  it('bytes come back as they were, byte order mark included', () => {
    const bytes = new TextEncoder().encode('\uFEFF# été\r\n');
    expect(new TextEncoder().encode(save(open(bytes)))).toEqual(bytes);
  });

  it.each([
    ['not-utf8', Uint8Array.from([0x23, 0x20, 0xe9, 0x0a])],
    ['not-utf8', Uint8Array.from([0xed, 0xa0, 0x80])],
    ['lone-surrogate', 'half a \uD83D face'],
  ] as const)('[M9] %s is refused with a sentence', (code, markdown) => {
    expect(() => open(markdown)).toThrow(MarkdownError);
    expect(() => open(markdown)).toThrow(expect.objectContaining({ code }));
    expect(() => open(markdown)).toThrow(/^The text .* nothing was written\.$/);
  });
});

describe('the base', () => {
  it('[M8] says how it was read, so that saving needs no options', () => {
    const markdown = '|a|b|\n|-|-|\n|c|d|\n';
    const { json, base } = open(markdown, { features: ['strike', 'image', 'strike'] });
    expect(base.features).toEqual(['image', 'strike']);
    expect(json.content?.[0]).toMatchObject({ type: 'codeBlock', attrs: { language: '=md' } });
    const stored = JSON.parse(JSON.stringify(base));
    expect(stored).toEqual(base);
    expect(save({ json, base: stored })).toBe(markdown);
  });
});
