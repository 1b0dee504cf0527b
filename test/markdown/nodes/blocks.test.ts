/** paragraph, heading, quote, rule, code and opaque blocks. */

import { describe, expect, it } from 'vitest';
import { open, print } from '../../../markdown/index.ts';
import { keyOf } from '../../../markdown/tidy.ts';
import { bold, br, code, doc, h, hr, html, li, md, noteText, p, quote, ul } from '../helpers/build.ts';
import { prints, reads, same } from '../helpers/same.ts';

describe('paragraphs', () => {
  it('are text', () => same('The council met.', doc(p('The council met.'))));
  it('join wrapped lines by a space', () => reads('one\ntwo', doc(p('one two'))));
  it('are one when the file is empty', () => reads('', doc(p())));
  it('leave out empty ones', () => prints(doc(p('a'), p(), p('b'), p()), 'a\n\nb'));
  it('leave out space at their edges', () => prints(doc(p(' a ')), 'a'));
  it('escape what would be markup', () => same('\\# 5 * 4 and \\_x\\_', doc(p('# 5 * 4 and _x_'))));
});

describe('hard breaks', () => {
  it('are a backslash', () => same('a\\\nb', doc(p('a', br, 'b'))));
  it('are two spaces', () => same('a  \nb', doc(p('a', br, 'b'))));
  it('keep the mark around them', () => same('**a\\\nb**', doc(p(bold('a'), br, bold('b')))));
  it('do not end a paragraph', () => prints(doc(p('a', br)), 'a'));
});

describe('headings', () => {
  it('are atx', () => same('## Title', doc(h(2, 'Title'))));
  it('are closed atx', () => same('## Title ##', doc(h(2, 'Title'))));
  it('are setext', () => same('Title\n=====', doc(h(1, 'Title'))));
  it('are one line, of several in setext', () => reads('a\nb\n===', doc(h(1, 'a b'))));
  it('have <br> for a hard break', () => same('### a<br>b', doc(h(3, 'a', br, 'b'))));
  it('may be empty', () => same('#', doc(h(1))));
});

describe('quotes', () => {
  it('hold blocks', () => same('> a\n>\n> b', doc(quote(p('a'), p('b')))));
  it('may be empty', () => same('>', doc(quote(p()))));
});

describe('rules', () => {
  it('keep how they are written', () => same('a\n\n* * *', doc(p('a'), hr)));
  it('do not open frontmatter', () => prints(doc(hr, p('a'), hr), '***\n\na\n\n---'));
});

describe('code', () => {
  it('is fenced, with its language', () => same('```js\nlet a;\n```', doc(code('let a;', 'js'))));
  it('keeps the whole info string', () => same('~~~js {1,3}\nlet a;\n~~~', doc(code('let a;', 'js {1,3}'))));
  it('is indented', () => same('    let a;\n\n    let b;', doc(code('let a;\n\nlet b;'))));
  it('is fenced after a list, whose item it would join', () => {
    reads('- a\n\n```\nb\n```', doc(ul(li(p('a'))), code('b')));
  });
  it('has a fence longer than any inside', () => prints(doc(code('```')), '````\n```\n````'));
  it('keeps trailing blank lines', () => same('```\na\n\n```', doc(code('a\n'))));
  it('in a language that means opaque keeps its fence', () => {
    same('```=html\n<b>\n```', doc(md('```=html\n<b>\n```')));
  });
});

describe('opaque blocks', () => {
  it('hold raw HTML', () => same('<div>\n<b>x</b>\n</div>', doc(html('<div>\n<b>x</b>\n</div>'))));
  it('hold comments', () => same('<!-- TBD -->', doc(html('<!-- TBD -->'))));
  it('stand in list items after an empty paragraph', () => reads('- <div>', doc(ul(li(p(), html('<div>'))))));
});

describe('footnotes in a footnote', () => {
  const nested = noteText('a', p('b'), noteText('c', p('d')), noteText('e', p('f')), p('g'));
  it('have a space more behind one another, without which the one would hold the other', () =>
    same('[^a]: b\n\n    [^c]: d\n\n     [^e]: f\n\n     g', doc(nested)));
  it('are followed by blocks of all kinds', () => {
    const blocks = [
      ul(li(p('h'), ul(li(p('i')))), li(p('j'))),
      html('<div>\n  k\n</div>'),
      code('l\n m', 'js'),
    ];
    for (const block of blocks) {
      const json = doc(noteText('a', p('b'), noteText('c', p('d')), block, p('m')));
      expect(keyOf(open(print(json)).json), print(json)).toBe(keyOf(json));
    }
  });
});
