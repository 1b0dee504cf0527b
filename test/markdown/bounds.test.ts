/** Texts that no parser takes in good time, and documents deeper than any stack: bounded before, kept to the byte. */

import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { jsonOf, type NodeJson, open, rebase, save } from '../../markdown/index.ts';
import { doc, md, p, quote } from './helpers/build.ts';
import { throughYDoc } from './helpers/through.ts';

const long = 200_000;
const filled = (piece: string, length = long) => piece.repeat(Math.ceil(length / piece.length));

const hostile: Record<string, string> = {
  'quotes in quotes': filled('>'),
  'lists in lists': `${filled('- ')}a\n`,
  'numbered lists in lists': `${filled('1. ')}a\n`,
  'quotes in lists': `${filled('> * ')}a\n`,
  'ever deeper items': Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth)}- a\n`).join(''),
  'ever deeper quotes': Array.from({ length: 400 }, (_, depth) => `${'>'.repeat(depth)} a\n`).join(''),
  'emphasis that never ends': filled('*a **a '),
  'emphasis in emphasis': filled('*a _b ', long / 2) + filled('b_ a* ', long / 2),
  'tildes that never end': filled('a~~b ~c '),
  'opening brackets': filled('['),
  'closing brackets': filled(']'),
  'links in links': filled('[a]('),
  'entities behind an address': `www.a.b${filled('&a;')}`,
};

describe.each(Object.entries(hostile))('%s', (_what, text) => {
  it.each([
    ['\n', ''],
    ['\r\n', '\uFEFF---\r\na: 1\r\n---\r\n\r\n'],
  ])('[M11] are one block of source, at once, and come back byte for byte (%j)', (ending, head) => {
    const body = `First.\n\n${text}\nLast`.replaceAll('\n', ending);
    const startedAt = performance.now();
    const { json, base } = open(head + body);
    expect(base.isOpaque).toBe(true);
    expect(json).toEqual(doc(md(body.replaceAll('\r\n', '\n')), p()));
    expect(save({ json: throughYDoc(json), base })).toBe(head + body);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('more nodes than words', () => {
  it.each([
    ['cells', `|a|b|c|\n|-|-|-|\n${filled('|d|e|f|\n', 40_000)}`],
    ['marks', filled(`${filled('*a* `b` ', 3_800)}c\n\n`, 90_000)],
  ])('[M11] such as %s, are one block of source, and come back byte for byte', (_what, text) => {
    const { json, base } = open(text);
    expect(base.isOpaque).toBe(true);
    expect(json).toEqual(doc(md(text.trimEnd()), p()));
    expect(save({ json: throughYDoc(json), base })).toBe(text);
  });

  it('are taken apart while they are few, or as soon as they have words', () => {
    const dense = (rows: number) => `|a|b|c|\n|-|-|-|\n${'|d|e|f|\n'.repeat(rows)}`;
    expect(open(dense(2_000)).base.isOpaque).toBe(false);
    expect(open(filled('- an item of some words\n', 330_000)).base.isOpaque).toBe(false);
  });
});

describe('a block that holds the whole text', () => {
  const markdown = `---\na: 1\n---\n\n# One\n\n${'> '.repeat(200)}two\n\n`;
  const { json, base } = open(markdown);
  const source = json.content?.[0]?.content?.[0]?.text ?? '';

  it('[M11] is written as it was edited, whatever that says', () => {
    const edit = (from: string, to: string) => save({ json: doc(md(source.replace(from, to))), base });
    expect(edit('two', 'three')).toBe(markdown.replace('two', 'three'));
    expect(edit('# One', '#One *')).toBe(markdown.replace('# One', '#One *'));
    expect(save({ json: doc(p()), base })).toBe('---\na: 1\n---\n\n\n');
  });

  it('[M11] stands beside what an editor adds', () => {
    const added = doc(p('Before.'), md(source), quote(p('After * all.')));
    expect(save({ json: added, base })).toBe(
      markdown.replace('# One', 'Before.\n\n# One').replace(/\n$/, '\n> After * all.\n\n'),
    );
  });

  it('[M11] stays one while its base does, and is tried again when it is opened afresh', () => {
    const harmless = rebase({ json: doc(md('# One')), base });
    expect(harmless).toMatchObject({ isOpaque: true, markdown: '---\na: 1\n---\n\n# One\n\n' });
    expect(save({ json: doc(md('# *Two*')), base: harmless })).toBe('---\na: 1\n---\n\n# *Two*\n\n');
    expect(open(harmless.markdown).base.isOpaque).toBe(false);
    expect(rebase({ json, base })).toBe(base);
  });

  it('[M11] is what any text becomes when it is asked for', () => {
    const opened = open('# One\r\n\r\n* two', { isOpaque: true });
    expect(opened.json).toEqual(doc(md('# One\n\n* two'), p()));
    expect(save(opened)).toBe('# One\r\n\r\n* two');
    expect(save({ ...opened, json: doc(md('# One\n\n* two\n* three')) })).toBe(
      '# One\r\n\r\n* two\r\n* three',
    );
  });
});

describe('what is only long', () => {
  it.each([
    ['a table', `|a|b|\n|-|-|\n${filled('|*c*|[d](e)|\n')}`],
    ['a list of links', filled('- [a](b) and **c**\n')],
    ['code', `\`\`\`\n${filled('[*a*]', 20_000)}\n\`\`\`\n`],
    ['HTML', `<p>${filled('[*a*]', 20_000)}</p>\n`],
    ['a quotation', filled('> a *b* [c](d)\n>\n', 20_000)],
    ['twenty lists in one another', filled(`${'- '.repeat(20)}a\n\n`, 2_000)],
  ])('%s is taken apart', (_what, text) => {
    expect(open(text.slice(0, 30_000)).base.isOpaque).toBe(false);
  });
});

describe('a live document', () => {
  const deep = (depth: number) => {
    const ydoc = new Y.Doc();
    ydoc.transact(() => {
      let parent: Y.XmlFragment = ydoc.getXmlFragment('default');
      for (let level = 0; level < depth; level += 1) {
        const [inner, beside] = [new Y.XmlElement('blockquote'), new Y.XmlElement('paragraph')];
        parent.insert(0, [inner, beside]);
        beside.insert(0, [new Y.XmlText(`beside ${level}`)]);
        parent = inner;
      }
      const last = new Y.XmlElement('paragraph');
      parent.insert(0, [last]);
      last.insert(0, [new Y.XmlText('deepest')]);
    });
    return ydoc;
  };

  it.each([150, 1_000])('[M11] %i levels deep is saved with all its words', (depth) => {
    const ydoc = deep(depth);
    const startedAt = performance.now();
    const { base } = open('Some text.\n');
    const next = rebase({ json: jsonOf(ydoc), base });
    expect(next.markdown).toContain('deepest');
    expect(next.markdown.match(/beside \d+/g)).toHaveLength(depth);
    expect(save({ json: jsonOf(ydoc), base: next })).toBe(next.markdown);
    console.info(`${depth} levels: saved twice in ${Math.round(performance.now() - startedAt)} ms`);
  });

  it('[M11] that comes as JSON is bounded as well', () => {
    let node: NodeJson = p('deepest');
    for (let level = 0; level < 20_000; level += 1) node = quote(node);
    expect(save({ json: doc(node), base: open('').base })).toContain('deepest');
  });
});
