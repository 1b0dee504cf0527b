/** An edit changes the lines that it touches: Markdown before, the edit, Markdown after. */

import { describe, expect, it } from 'vitest';
import { type MarkdownOptions, type NodeJson, open, rebase, save } from '../../markdown/index.ts';
import { block } from '../../markdown/json.ts';
import { keyOf } from '../../markdown/tidy.ts';
import {
  bold,
  br,
  civicRef,
  code,
  doc,
  h,
  hr,
  li,
  link,
  md,
  note,
  noteText,
  ol,
  p,
  quote,
  raw,
  row,
  table,
  task,
  tasks,
  td,
  th,
  ul,
} from './helpers/build.ts';
import { throughYDoc } from './helpers/through.ts';

type Edit = (blocks: NodeJson[]) => void;

/** Saves the document of `markdown` after `edit`, through a Y.Doc, and sees that undoing it gives the bytes back. */
function edited(markdown: string, edit: Edit, expected: string, options: MarkdownOptions = {}): void {
  const { json, base } = open(markdown, options);
  const live = throughYDoc(json);
  live.content ??= [];
  edit(live.content);
  const saved = save({ json: throughYDoc(live), base });
  expect(saved).toBe(expected);
  expect(keyOf(open(saved, options).json)).toBe(keyOf(live));
  expect(save({ json, base })).toBe(markdown);
}

/** Replaces text wherever it stands. */
const word =
  (old: string, next: string): Edit =>
  (blocks) => {
    for (const block of blocks) {
      if (block.text !== undefined) block.text = block.text.replaceAll(old, next);
      word(old, next)(block.content ?? []);
    }
  };
const put =
  (at: number, ...nodes: NodeJson[]): Edit =>
  (blocks) =>
    void blocks.splice(at, 0, ...nodes);
const drop =
  (at: number, count = 1): Edit =>
  (blocks) =>
    void blocks.splice(at, count);
const replace =
  (at: number, ...nodes: NodeJson[]): Edit =>
  (blocks) =>
    void blocks.splice(at, 1, ...nodes);
/** An edit inside a block: in its items, rows or quoted blocks. */
const within =
  (at: number, edit: Edit): Edit =>
  (blocks) => {
    const parent = blocks[at];
    if (parent) parent.content ??= [];
    edit(parent?.content ?? []);
  };
const move =
  (from: number, to: number): Edit =>
  (blocks) =>
    void blocks.splice(to, 0, ...blocks.splice(from, 1));
const both =
  (...edits: Edit[]): Edit =>
  (blocks) => {
    for (const edit of edits) edit(blocks);
  };

describe('one word', () => {
  it.each([
    ['in a paragraph', 'the old word\n', 'the new word\n'],
    ['in a hard-wrapped paragraph', 'one two\nold three\nfour\n', 'one two\nnew three\nfour\n'],
    ['before a wrap', 'one old\ntwo\n', 'one new\ntwo\n'],
    ['in a heading with number signs behind', '##  old  ##\n', '##  new  ##\n'],
    ['in a setext heading', 'old title\n=====\n', 'new title\n=====\n'],
    [
      'in a nested item',
      '*   a\n    + old\n      wrapped\n\n\n*   b\n',
      '*   a\n    + new\n      wrapped\n\n\n*   b\n',
    ],
    ['in a quote with lazy lines', '> a\nold b\n>  c\n', '> a\nnew b\n>  c\n'],
    [
      'in a padded table',
      'a    | b\n:----|--:\nold  | `x\\|y`\nc | d\n',
      'a    | b\n:----|--:\nnew  | `x\\|y`\nc | d\n',
    ],
    ['in a ragged table', '|a|b|\n|-|-|\n|old|\n|c|d|e|\n', '|a|b|\n|-|-|\n|new|\n|c|d|e|\n'],
    ['in code', '~~~~ js x\nold\n\n~~~~\n', '~~~~ js x\nnew\n\n~~~~\n'],
    ['in indented code', 'a\n\n    old\n\n\n    b\n', 'a\n\n    new\n\n\n    b\n'],
    ['beside escapes', 'a \\_old\\_ \\& b\\! \\[c]\n', 'a \\_new\\_ \\& b\\! \\[c]\n'],
    ['beside entities', '&copy; old&nbsp;&#33; x\n', '&copy; new&nbsp;&#33; x\n'],
    ['in emphasis of two kinds', '_old_ and *b* __old__ **c**\n', '_new_ and *b* __new__ **c**\n'],
    [
      'in a link by reference',
      '[a][b] old [c]\n\n[b]: /x\n[c]: /y "t"\n',
      '[a][b] new [c]\n\n[b]: /x\n[c]: /y "t"\n',
    ],
    ['in a link with a title', "[old](</x y> 'a title')\n", "[new](</x y> 'a title')\n"],
    [
      'in a footnote',
      'a[^n]\n\n[^n]: old\n    wrapped\n\n    - b\n',
      'a[^n]\n\n[^n]: new\n    wrapped\n\n    - b\n',
    ],
    ['in a comment', 'a\n\n<!-- old -->\n\nb\n', 'a\n\n<!-- new -->\n\nb\n'],
    ['in HTML', '<div>\n  <p>old</p>\n</div>\n\nb\n', '<div>\n  <p>new</p>\n</div>\n\nb\n'],
    ['after an autolink', '<https://a.b> https://c.d old\n', '<https://a.b> https://c.d new\n'],
    ['after a hard break', 'a  \nold\\\nb\n', 'a  \nnew\\\nb\n'],
    ['under frontmatter', '---\na: old\n---\n# old\nb\n', '---\na: old\n---\n# new\nb\n'],
    ['in TOML and CRLF', '+++\r\na = 1\r\n+++\r\nold\r\nb\r\n', '+++\r\na = 1\r\n+++\r\nnew\r\nb\r\n'],
    ['with CR', 'old\rb\r\rc\r', 'new\rb\r\rc\r'],
    ['with mixed endings', 'a\r\nold\nb\rc\r\n', 'a\r\nnew\nb\rc\r\n'],
    ['without a final newline', 'a\nold', 'a\nnew'],
    [
      'without a final newline, in code of which there is more',
      '```\na\n```\n\n```\nold\n```',
      '```\na\n```\n\n```\nnew\n```',
    ],
    ['after a byte order mark', '\uFEFFold\n', '\uFEFFnew\n'],
    ['beside NUL and a line separator', 'a\u0000b old \u2028c\n', 'a\u0000b new \u2028c\n'],
    ['in a list that repeats its number', '1. a\n1. old\n1. c\n', '1. a\n1. new\n1. c\n'],
    ['in a list that counts wrong', '1. a\n3. old\n7. c\n', '1. a\n3. new\n7. c\n'],
    ['in a loose item among tight ones', '- a\n\n- old\n- c\n', '- a\n\n- new\n- c\n'],
    ['of a linked image', '[![old](/i.png)](/x) b\n', '[![new](/i.png)](/x) b\n'],
    ['in a task', '* [X] old\n* [ ] b\n', '* [X] new\n* [ ] b\n'],
    ['under a glued definition', '# a\n[x]: /y\nold [x]\n', '# a\n[x]: /y\nnew [x]\n'],
    ['in a setext heading with a short line', 'a old\n--\n', 'a new\n--\n'],
    [
      'in the address of one of many badges by reference',
      '[![a b][x]][y]\n[![c d][z]][y]\n\n[x]: /x/a/b\n[z]: /z/old/c\n[y]: /y\n',
      '[![a b][x]][y]\n[![c d](/z/new/c)](/y)\n\n[x]: /x/a/b\n[z]: /z/old/c\n[y]: /y\n',
    ],
    [
      'in a list item that holds definitions',
      '- [a]\n- [b] old\n\n  [a]: /a/b\n  [b]: /b/a\n\nc [a]\n',
      '- [a]\n- [b] new\n\n  [a]: /a/b\n  [b]: /b/a\n\nc [a]\n',
    ],
    ['in a wrapped setext heading', 'a **b**\nold\n---\n\nc\n', 'a **b**\nnew\n---\n\nc\n'],
  ])('%s', (_where, before, after) => edited(before, word('old', 'new'), after));

  it('of another length in a setext heading', () =>
    edited('an old title\n=======\n', word('old', 'renewed'), 'an renewed title\n=======\n'));
  it('beside a civic reference at the start of a line', () => {
    const reference = '<!--civic-ref type="record" id="a" label="b"-->';
    edited(`${reference} old\nc\n`, word('old', 'new'), `${reference} new\nc\n`);
  });

  it('inserted at a wrap stays on its line', () =>
    edited('one two\nthree\n', word('two three', 'two and three'), 'one two\nand three\n'));
  it('deleted at a wrap leaves the wrap', () =>
    edited('one two\nthree four\n', word('two three', 'two'), 'one two\nfour\n'));
  it('deleted that was a line takes the line', () =>
    edited('one\ntwo\nthree\n', word('two ', ''), 'one\nthree\n'));
  it('of a shortcut reference costs its link and nothing else', () =>
    edited(
      '- [a b]\n- [c\n  d] e\n\n[a b]: /x\n[c d]: /y\n',
      word('c d', 'c f'),
      '- [a b]\n- [c\n  f](/y) e\n\n[a b]: /x\n[c d]: /y\n',
    ));
  it('in a table within a list changes one line also where tables are opaque', () =>
    edited(
      '* a\n\n  | b | old |\n  |---|---|\n  | c | d |\n',
      word('old', 'longer'),
      '* a\n\n  | b | longer |\n  |---|---|\n  | c | d |\n',
      {
        features: [],
      },
    ));
  it('changes no line under a setext heading', () =>
    edited('a title\n=======\n', word('title', 'longer title'), 'a longer title\n=======\n'));
  it('deleted from a link that is defined in its item leaves the definitions', () =>
    edited(
      '- [a]\n- [b c]\n\n  [a]: /a\n  [b c]: /b\n\nd [a]\n',
      word('b c', 'c'),
      '- [a]\n- [c](/b)\n\n  [a]: /a\n  [b c]: /b\n\nd [a]\n',
    ));
  it('in quotes without a space leaves the line behind it', () =>
    edited('> >old\n>>b\n>>>c\n', word('old', 'd'), '> >d\n>>b\n>>>c\n'));
  it('deleted from a line that has no other takes the line', () => {
    edited('   * a\n   * old\n     b\n  * c\n', word('old ', ''), '   * a\n   * b\n  * c\n');
    edited('>- old\n>  b\n', word('old ', ''), '>- b\n');
  });
  it('in a long paragraph leaves its thousand wraps', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index} of many`);
    const before = `${lines.join('\n')}\n`;
    edited(before, word('line 500', 'line fivehundred'), before.replace('line 500', 'line fivehundred'));
  });
  it('that would be markup at the start of a line takes the wrap', () =>
    edited('a\nold b\n', word('old', '#'), 'a # b\n'));
});

describe('text that would be something else', () => {
  const bare = { features: [] };

  it('names a definition, and is no link', () =>
    edited('a\n\n[x]: /y\n', put(1, p('b [x] c [z]')), 'a\n\nb \\[x] c [z]\n\n[x]: /y\n'));
  it('begins a line like HTML', () =>
    edited('a\n', put(1, p('<div>b'), p('<b>c</b>')), 'a\n\n\\<div>b\n\n<b>c</b>\n', bare));
  it('begins a line like a footnote', () =>
    edited('a\n', put(1, p('[^n]: b'), p('c [^n]: d')), 'a\n\n\\[^n]: b\n\nc [^n]: d\n', bare));
  it('strikes nothing, or does, for editors that cannot strike', () => {
    edited('about ~5 or ~~6\n', word('5', '7'), 'about ~7 or ~~6\n', bare);
    edited('a ~~b~~ c\n', (blocks) => void blocks.splice(0, 1, p('a ~~b'), p('c')), 'a ~~b\n\nc\n', bare);
    edited('a \\~b~ c\n', word('c', 'd'), 'a \\~b~ d\n', bare);
    edited('a\n', put(1, p('b \\~ \\~~c~~')), 'a\n\nb \\~ \\~\\~c~~\n', bare);
  });
  it('is an address right before a link to it', () =>
    edited('a\n', put(1, p('x@y.zz', link('mailto:x@y.zz', 'b'))), 'a\n\n[x@y.zzb](mailto:x@y.zz)\n'));
  it('is like a line break in a heading', () =>
    edited('a\n', put(1, h(1, 'b<br>c')), 'a\n\n# b\\<br>c\n', bare));
  it('is an address for GFM, whatever stands beside it', () =>
    edited('a\n', put(1, p('|x@y.zz', link('/b', 'c'))), 'a\n\n|<x@y.zz>[c](/b)\n'));
  it('is an address before a line break', () =>
    edited('a\n', put(1, p('https://b.cd', br, 'e')), 'a\n\n<https://b.cd>\\\ne\n'));
  it('is an address in a tag', () =>
    edited('a\n', put(1, p('b <i id="www.c.de">')), 'a\n\nb <i id="www.c.de">\n', bare));
});

describe('a node in a link', () => {
  it('parts the link', () =>
    edited(
      '[ab](/c)\n\n[^n]: d\n',
      replace(0, p(link('/c', 'a'), note('n'), link('/c', 'b'))),
      '[a](/c)[^n][b](/c)\n\n[^n]: d\n',
    ));
});

describe('blocks', () => {
  it('split', () => edited('a \\* b\nc d\ne\n', replace(0, p('a * b c'), p('d e')), 'a \\* b\nc\n\nd\ne\n'));
  it('join', () =>
    edited('a\\_\nb\n\nc\nd\\_\n', both(drop(0), replace(0, p('a_ b c d_'))), 'a\\_\nb c\nd\\_\n'));
  it('move', () => edited('a\nb\n\n# c\n\n> d\n', move(2, 0), '> d\n\na\nb\n\n# c\n'));
  it('become a heading', () =>
    edited(
      'a _b_ \\#\n\nc\n',
      replace(0, h(2, ...(open('a _b_ \\#').json.content?.[0]?.content ?? []))),
      '## a _b_ \\#\n\nc\n',
    ));
  it('with a break written as a tag become a heading', () =>
    edited(
      'a<br>\nb\n',
      (blocks) => {
        blocks[0] = { ...blocks[0], type: 'heading', attrs: { level: 2 } };
      },
      '## a<br>b\n',
    ));
  it('come before indented code that looks like a list', () =>
    edited(
      '*    *   a\n\n    *   b\n        c\n',
      put(1, p('d')),
      '*    *   a\n\nd\n\n    *   b\n        c\n',
    ));
  it('become a list item', () => edited('a \\#\n\nc\n', replace(0, ul(li(p('a #')))), '- a \\#\n\nc\n'));
  it('are quoted', () => edited('a\nb\n', replace(0, quote(p('a b'))), '> a\n> b\n'));
  it('come in a document with other endings', () =>
    edited('a\r\n\r\nb\r\n', put(1, h(1, 'c')), 'a\r\n\r\n# c\r\n\r\nb\r\n'));
  it('go between two lists, which stay two', () => edited('- a\n\nb\n\n- c\n', drop(1), '- a\n\n* c\n'));
  it('come as a list beside a list', () => edited('- a\n\nb\n', put(1, ul(li(p('c')))), '- a\n\n* c\n\nb\n'));
  it('come as a list before a list, which keeps its bytes', () =>
    edited('a\n\n- b\n', put(1, ul(li(p('c')))), 'a\n\n* c\n\n- b\n'));
  it('come as a list between lists, which keep their markers', () =>
    edited('- a\n  - b\n\nx\n\n* c\n', replace(1, ul(li(p('d')))), '- a\n  - b\n\n+ d\n\n* c\n'));
  it('come as a list between numbered lists, of which the shorter gets other markers and nothing else', () =>
    edited(
      '1. a\n1. b\n   1. c\n\nx\n\n1) d\n   - e\n\n1. f\n\ny\n',
      replace(1, ol(1, li(p('g')))),
      '1. a\n1. b\n   1. c\n\n1) g\n\n1. d\n   - e\n\n1) f\n\ny\n',
    ));
  it('become code after a list, and nothing else changes', () =>
    edited(
      '1.  a\n    b\n\n\nc\nd\n\ne\nf\n\n    g\n',
      replace(1, code('c d')),
      '1.  a\n    b\n\n\n```\nc d\n```\n\ne\nf\n\n    g\n',
    ));
  it('come as code after a list', () =>
    edited('- a\n\nb\n\n    c\n', put(1, code('d')), '- a\n\n```\nd\n```\n\nb\n\n    c\n'));
  it('stand behind a list that takes in what kept code apart from it, and keep what stands before the list', () =>
    edited(
      '1. a\n\n|  |\n| --- |\n\n1) b\n\n~~~\nc\n~~~\n\n    d\n\ne\n',
      (blocks) => {
        const [taken] = blocks.splice(3, 1) as [NodeJson];
        blocks[2]?.content?.[0]?.content?.push(taken);
      },
      '1. a\n\n|  |\n| --- |\n\n1) b\n   ~~~\n   c\n   ~~~\n\n~~~\nd\n~~~\n\ne\n',
    ));
  it('become code before a list that micromark reads otherwise behind indented code, and nothing before it changes', () =>
    edited(
      'a\nb\n\n> c\n\n*    *\n    *\n\nd\n',
      replace(1, code('x')),
      'a\nb\n\n```\nx\n```\n\n*    *\n    *\n\nd\n',
    ));
  it('keep their blank lines among lines that end in a carriage return alone', () =>
    edited(
      'a\rb\r\r1. c\r2. d\n\ne\n\nf\n',
      within(1, within(0, put(1, p('x')))),
      'a\rb\r\r1. c\r\r   x\n2. d\n\ne\n\nf\n',
    ));
  it('have space typed behind them where they are source in a quote', () =>
    edited(
      'a\n\n> | b |\n> | - |\n',
      within(1, (blocks) => blocks[0]?.content?.push({ type: 'text', text: ' \n ' })),
      'a\n\n> | b |\n> | - |\n',
      { features: [] },
    ));
  it('come as a list from 3 after indented code, which micromark reads only after a fence', () =>
    edited('a\n\n    b\n\nc\n', put(2, ol(3, li(p('d')))), 'a\n\n```\nb\n```\n\n3. d\n\nc\n'));
  it('come as a rule at the start', () => edited('a\n\n---\n', put(0, hr), '***\n\na\n\n---\n'));
  it('go before definitions, which stay', () =>
    edited('a\n\n[x]: /y\n\nb [x]\n', drop(0), '[x]: /y\n\nb [x]\n'));
  it('with a reference move away from its definition', () =>
    edited('a [x]\n\n[x]: /y\n\nb\n', move(0, 1), '[x]: /y\n\nb\n\na [x]\n'));
  it('at the end go, and leave the line before them its break', () => edited('a\n\nb', drop(1), 'a\n'));
  it('with definitions in them go, and leave the definitions', () => {
    edited('- a\n- [b]\n\n  [b]: /x\n  [c]: /y\n\nd [c]\n', drop(0), '[b]: /x\n[c]: /y\n\nd [c]\n');
    edited(
      '- a\n- [b]\n\n  [b]: /x\n  [c]: /y\n\nd [c]\n',
      within(0, drop(1)),
      '- a\n\n  [b]: /x\n  [c]: /y\n\nd [c]\n',
    );
    edited('> [b]: /x\n>\n> a\n\nd [b]\n', replace(0, p('a')), 'a\n\n[b]: /x\n\nd [b]\n');
  });
  it('with a definition behind their marker go, and leave the definition', () => {
    edited('- [b]: /x\n- c\n', within(0, replace(0, li(p('new')))), '- new\n- c\n\n[b]: /x\n');
    edited('> 1. [b]: /x\n> 2. c [b]\n\nd\n', drop(0), '[b]: /x\n\nd\n');
    edited(
      '[^1]: [b]: /x\n    "y"\n\nc [^1]\n',
      replace(0, noteText('1', p('new'))),
      '[^1]: new\n\n[b]: /x\n"y"\n\nc [^1]\n',
    );
    edited('- [b]: /x\n  c\n- d [b]\n', word('c', 'new'), '- [b]: /x\n  new\n- d [b]\n');
  });
  it('all go', () => edited('---\na: 1\n---\n\n# b\n\nc\n', drop(0, 2), '---\na: 1\n---\n'));
});

describe('lists', () => {
  it('get an item', () =>
    edited('*   a\n    b\n*   c\\_\n', within(0, put(1, li(p('new')))), '*   a\n    b\n*   new\n*   c\\_\n'));
  it('count on when they count', () =>
    edited('1. a\n2. b\n3. c\n', within(0, put(1, li(p('x')))), '1. a\n2. x\n3. b\n4. c\n'));
  it('do not count on when they do not', () =>
    edited('1. a\n1. b\n', within(0, put(1, li(p('x')))), '1. a\n1. x\n1. b\n'));
  it('grow past nine', () =>
    edited('9.  a\n    b\n', within(0, put(1, li(p('x')))), '9.  a\n    b\n10.  x\n'));
  it('that are indented get an item with the same indentation', () =>
    edited(
      'x\n\n   - a\n\n\n   - b\n     c\n\ny\n',
      within(1, put(1, li(p('new')))),
      'x\n\n   - a\n\n\n   - new\n\n\n   - b\n     c\n\ny\n',
    ));
  it('that are indented lose an item, indentation and all', () =>
    edited('  - a\n  - b\n\nc\n', within(0, drop(1)), '  - a\n\nc\n'));
  it('of tasks and others are all tasks when the others have gone', () =>
    edited('- a\n- [x] b\n  c\n', within(0, drop(0)), '- [x] b\n  c\n'));
  it('lose an item', () => edited('- a\n- b\n\n- c\n', within(0, drop(1)), '- a\n- c\n'));
  it('are checked', () =>
    edited(
      '* [ ] a\n  b\n* [ ] c\n',
      within(0, (items) => Object.assign(items[0] ?? {}, { attrs: { checked: true } })),
      '* [x] a\n  b\n* [ ] c\n',
    ));
  it('are reordered', () =>
    edited('- a\n  b\n- c \\#\n- d\n', within(0, move(0, 1)), '- c \\#\n- a\n  b\n- d\n'));
  it('are indented', () =>
    edited(
      '* a\n* b\n  c\n* d\n',
      within(0, (items) => {
        const [item] = items.splice(1, 1);
        items[0]?.content?.push(ul(item as NodeJson));
      }),
      '* a\n  * b\n    c\n* d\n',
    ));
  it('get a rule under a text, which is no heading', () =>
    edited('- a\n- b\n', within(0, within(0, put(1, hr))), '- a\n\n  ---\n- b\n'));
  it('get lists under a text, which do not run on from it', () => {
    edited('- a\n', within(0, within(0, put(1, ol(3, li(p('b')))))), '- a\n\n  3. b\n');
    edited('- a\n', within(0, within(0, put(1, ul(li(p()))))), '- a\n\n  -\n');
  });
  it('of tasks get an empty task before other blocks', () =>
    edited('- [ ] a\n', within(0, put(1, task(false, p(), p('b')))), '- [ ] a\n- [ ]\n\n  b\n'));
  it('get a table under a text', () =>
    edited('- a\n', within(0, within(0, put(1, table(row(th('b')))))), '- a\n\n  | b |\n  | --- |\n'));
  it('of tasks get a task', () =>
    edited('- [X] a\n', within(0, put(1, task(false, p('b')))), '- [X] a\n- [ ] b\n'));
  it('start elsewhere', () =>
    edited('1) a\n2) b\n', replace(0, ol(4, li(p('a')), li(p('b')))), '4) a\n5) b\n'));
});

describe('tables', () => {
  const padded = '| a   | b |\n|:----|--:|\n| c \\_ | d |\n| e   | f |\n';
  it('get a row', () =>
    edited(
      padded,
      within(0, put(2, row(td('x', 'left'), td('y', 'right')))),
      '| a   | b |\n|:----|--:|\n| c \\_ | d |\n| x | y |\n| e   | f |\n',
    ));
  it('lose a row', () => edited(padded, within(0, drop(1)), '| a   | b |\n|:----|--:|\n| e   | f |\n'));
  it('get a column', () =>
    edited(
      padded,
      within(0, (rows) =>
        rows.forEach(
          (each, index) =>
            void each.content?.push(index === 0 ? { ...td('n'), type: 'tableHeader' } : td('m')),
        ),
      ),
      '| a   | b | n |\n|:----|--:| --- |\n| c \\_ | d | m |\n| e   | f | m |\n',
    ));
  it('are reordered', () =>
    edited(padded, within(0, move(1, 2)), '| a   | b |\n|:----|--:|\n| e   | f |\n| c \\_ | d |\n'));
});

describe('quotes and footnotes', () => {
  it('keep what stands beside the edit', () =>
    edited('>a\n> b\n>\n>   c\\_\n> * d\n', within(0, drop(0)), '>   c\\_\n> * d\n'));
  it('get a block', () => edited('> a\n> b\n', within(0, put(1, p('c'))), '> a\n> b\n>\n> c\n'));
  it('lose a definition that is still referred to', () =>
    edited('a[^n] b\n\n[^n]: c\n\nd\n', drop(1), 'a[^n] b\n\nd\n'));
  it('are new', () =>
    edited(
      'a\nb\n\nc\n',
      both(replace(0, p('a b', note('n'))), (blocks) => void blocks.push(noteText('n', p('x')))),
      'a\nb[^n]\n\nc\n\n[^n]: x\n',
    ));
  it('do not capture text elsewhere', () =>
    edited('a \\[^n] b\n', put(1, noteText('n', p('x'))), 'a \\[^n] b\n\n[^n]: x\n'));
  it('capture no text that was none', () =>
    edited('a [^n] b\n\nc\n', put(2, noteText('n', p('x'))), 'a \\[^n] b\n\nc\n\n[^n]: x\n'));
});

describe('marks', () => {
  it('are put on', () => edited('a\nb c\n', replace(0, p('a ', bold('b'), ' c')), 'a\n**b** c\n'));
  it('are taken off', () =>
    edited(
      'a\n__b__ _c_\n',
      replace(0, p('a b ', { type: 'text', text: 'c', marks: [{ type: 'italic' }] })),
      'a\nb _c_\n',
    ));
  it('are in the author’s hand', () => edited('__a__\n\nb\n', replace(1, p(bold('b'))), '__a__\n\n__b__\n'));
});

describe('what reads otherwise where it stands', () => {
  it('is HTML that would begin a block: it stands behind a space that is spelled out', () =>
    edited(
      'a\n',
      put(1, p(raw('<!-- c -->'), 'b', br, raw('<div>'), 'c')),
      'a\n\n&#x20;<!-- c -->b\\\n&#x20;<div>c\n',
    ));
  it('is an empty task whose box would be a link', () =>
    edited('- [x] a\n\n[x]: /y\n', replace(0, tasks(task(true, p()))), '- [x] &#x20;\n\n[x]: /y\n'));
  it('is an empty list under a definition', () =>
    edited('[a]: /b\n# c\n\nd\n', replace(0, ul(li(p()))), '[a]: /b\n\n-\n\nd\n'));
  it('is an address before a footnote that nobody defines', () =>
    edited(
      'a\n',
      put(1, p('www.a.bc.', note('n'), 'ish')),
      'a\n\n[www.a.bc.[^n]ish](http://www.a.bc.\\[^n]ish)\n',
    ));
  it('is a numbered list at once in an item that stands under a paragraph', () =>
    edited('- a\n', replace(0, ul(li(p('a'), ul(li(p(), ol(7, li(p('b')))))))), '- a\n\n  - 7. b\n'));
  it('is an underlined heading under the paragraph of an item', () =>
    edited('- a\n  ===\n', replace(0, ul(li(p('d'), h(1, 'a')))), '- d\n\n  a\n  ===\n'));
  it('is an address or a tag right behind a line break', () =>
    edited(
      'See https://a.bc\n\nd\n',
      replace(1, p('e', br, raw('<b>'), 'i', br, ' ', link('https://f.gh', 'https://f.gh'))),
      'See https://a.bc\n\ne\\\n<b>i\\\nhttps://f.gh\n',
    ));
  it('is a civic reference right behind a line break', () =>
    edited(
      'a\n',
      replace(0, p('b', br, civicRef('record', 'x', 'y'), 'c')),
      'b\\\n<!--civic-ref type="record" id="x" label="y"-->c\n',
    ));
  it('is an address in text that looks like an image', () =>
    edited('a\n', replace(0, p('![b <https://c.de>f](g)')), '!\\[b \\<https\\://c.de>f]\\(g)\n'));
  it('is indented HTML or text that a list has come to stand before', () => {
    edited('a\n\n  <div>\n', replace(0, ul(li(p('a')))), '- a\n\n<div>\n');
    edited('# a\n  b\nc\n', replace(0, ul(li(p('a')))), '- a\n\nb\nc\n');
  });
  it('is a list that begins with a rule beside another one', () =>
    edited('+ ***\n+ b\n\nc\n', put(1, ul(li(p(), hr))), '+ ***\n+ b\n\n- ***\n\nc\n'));
  it('is an empty list in a quote under the paragraph of an item', () =>
    edited(
      '- a\n',
      within(0, within(0, put(1, quote(ol(1, li(p()), li(p('b'))))))),
      '- a\n\n  > 1.\n  > 2. b\n',
    ));
  it('is a paragraph behind a footnote in an item', () =>
    edited('- a\n', within(0, within(0, put(1, noteText('n', p('b')), p('c')))), '- a\n  [^n]: b\n\n  c\n'));
  it('is a footnote in a cell: a line of it, that nothing refers to', () =>
    edited(
      'a[^n]\n\n[^n]: b\n',
      replace(1, table(row(block('tableHeader', [noteText('n', p('b'))])))),
      'a[^n]\n\n| b |\n| --- |\n',
    ));
  it('is a task that is called [ ]', () =>
    edited('- [ ] a\n', replace(0, tasks(task(false, p('[ ]')))), '- [ ] [ ]\n'));
  it('is space of several marks behind a line break', () =>
    edited('a\n', replace(0, p('b', br, ' ', bold(' c'), bold(' '), ' ', br, 'd')), 'b\\\n**c**\\\nd\n'));
  it('is a definition under what was a heading', () =>
    edited(
      'a\n===\n[x]: /y\nold [x]\n\n* b\n',
      replace(0, ul(li(p('a')))),
      '* a\n\n[x]: /y\nold [x]\n\n* b\n',
    ));
  it('is a definition at the end, under what was a heading', () =>
    edited('old [x]\n\n# a\n[x]: /y\n', replace(1, p('a')), 'old [x]\n\na\n\n[x]: /y\n'));
  it('is an empty heading in a cell: a line of it', () =>
    edited(
      'a\n',
      put(1, table(row(block('tableHeader', [p('b'), h(1), p('c')])))),
      'a\n\n| b<br><br>c |\n| --- |\n',
    ));
});

describe('what Markdown cannot say', () => {
  const callout: NodeJson = { type: 'callout', attrs: { kind: 'x' }, content: [p('in it')] };
  const stored = (markdown: string, edit: Edit) => {
    const { json, base } = open(markdown);
    edit(json.content ?? []);
    const saved = rebase({ json, base });
    expect(save({ json, base: { ...saved } })).toBe(saved.markdown);
    return saved.markdown;
  };

  it('is written in some form, and all else keeps its bytes', () =>
    expect(stored('a\nb\n\n* c\n* d\n', put(1, callout))).toBe('a\nb\n\nin it\n\n* c\n* d\n'));
  it('is written so that a second save has nothing to add', () =>
    expect(
      stored(
        '- a\n\n<pre>\nb\n</pre>\n- c\n',
        put(1, ul(li(p('q'))), { type: 'callout', content: [ul(li(p('r')))] }),
      ),
    ).toBe('- a\n\n* q\n\n- r\n\n<pre>\nb\n</pre>\n- c\n'));
  it('such as HTML that would swallow the rest, stands as code', () =>
    expect(stored('a\nb\n\n<pre>\nc\n</pre>\n\nd\ne\n', word('</pre>', '</per>'))).toBe(
      'a\nb\n\n```html\n<pre>\nc\n</per>\n```\n\nd\ne\n',
    ));
  it('such as half a tag, stands as text', () =>
    expect(stored('a\nb\n\n<div>\nc\n</div>\n', word('<div>', '<di v>x'))).toBe(
      'a\nb\n\n<di v>x\nc\n</div>\n',
    ));
  it('such as source that became something else, is that', () =>
    expect(stored('a\nb\n\n<div>\nc\n</div>\n', word('<div>', '- e'))).toBe('a\nb\n\n- e\nc\n</div>\n'));
  it('such as source in an item that became something else, is that', () =>
    expect(stored('- a\n\n  <div>\n\n  * b\n', word('<div>', '*'))).toBe('- a\n\n  -\n\n  * b\n'));
  it('is taken for what it reads as alone, and the edits around it are merged', () =>
    expect(
      stored(
        'old\nb\n\n* c\n* d\n',
        both(word('old', 'new'), put(1, callout, { ...callout, type: 'hint' }), word('d', 'e')),
      ),
    ).toBe('new\nb\n\nin it\n\nin it\n\n* c\n* e\n'));
  it('such as a mark inside itself that was taken out of it, is text', () =>
    expect(
      stored('__a *b* **c** d__\n\ne\n', replace(0, p(bold('a '), raw('**'), 'c', raw('**'), bold(' d')))),
    ).toBe('__a__ \\*\\*c\\*\\* __d__\n\ne\n'));
  it('such as that around a footnote that nobody defines, is text', () =>
    expect(
      stored(
        '__a *b* **c** d__\n\ne\n',
        replace(0, p(bold('a '), raw('*'), 'c', note('n'), raw('*'), bold(' d'))),
      ),
    ).toBe('__a__ \\*c[^n]\\* __d__\n\ne\n'));
  it('such as a link definition that was typed as source, is written once', () =>
    expect(stored('a\n\n<div>\n\nb\n', word('<div>', '[x]: /y'))).toBe('a\n\n[x]: /y\n\nb\n'));
  it('such as a footnote that nobody defines, stays a bare label', () =>
    expect(stored('a[^n]\nb\n\n[^n]: c\n\n- d\n', drop(1))).toBe('a[^n]\nb\n\n- d\n'));
  it('such as a footnote that nobody defines, keeps its wraps when its block moves', () => {
    const { json, base } = open('a[^n]\nb\n\n- c\n\n[^n]: d\n');
    drop(2)(json.content ?? []);
    const saved = rebase({ json, base });
    move(0, 1)(json.content ?? []);
    expect(save({ json, base: saved })).toBe('- c\n\na[^n]\nb\n');
  });
  it('is no loss of a reference', () =>
    edited(
      'a\n',
      put(1, p('b', civicRef('record', 'x', 'y'))),
      'a\n\nb<!--civic-ref type="record" id="x" label="y"-->\n',
    ));
});

describe('a tower of quotes or lists', () => {
  it.each(['> ', '- ', '1. '])('%j is opaque, not a stack overflow', (marker) => {
    const tower = `${marker.repeat(5_000)}old b\n`;
    expect(open(tower).json).toEqual(doc(md(tower.trimEnd())));
    edited(tower, word('old', 'new'), tower.replace('old', 'new'));
  });
});

describe('any bytes without an edit', () => {
  it.each([
    '\uFEFF',
    '\uFEFF\uFEFFa',
    'a\r\nb\nc\rd',
    '\r',
    '\u0000',
    'a\fb\f\n\f\n',
    'a\u2028b\u2029\u0085c\n',
    '\ta\n\t\tb\n',
    'a\n\n\n\n\n',
    '---\na: 1\n---\n',
    '---\na: 1\n---',
    '---\na: 1\n',
    '---\na: 1',
    '+++\na = 1\n+++\n\n\n',
    '---\n---\n',
    ' \t \n  ',
    '   ',
    '\n',
    '---',
    '--- \n\n---\r\n',
    '<!--',
    '```',
    '[a]: ',
    '\\',
  ])('%j', (markdown) => {
    const { json, base } = open(markdown);
    expect(save({ json: throughYDoc(json), base })).toBe(markdown);
    expect(save({ json, base: { ...base, features: [] } })).toBe(markdown);
  });
});
