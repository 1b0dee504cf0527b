/** marks, link, image, html, civic-ref and footnote references. */

import { describe, expect, it } from 'vitest';
import { open, print } from '../../../markdown/index.ts';
import { textNode } from '../../../markdown/json.ts';
import {
  bold,
  br,
  civicRef,
  codeText,
  doc,
  h,
  image,
  italic,
  link,
  note,
  p,
  raw,
  strike,
  under,
} from '../helpers/build.ts';
import { prints, reads, same } from '../helpers/same.ts';

const bare = { features: [] };
const both = textNode('b', [{ type: 'bold' }, { type: 'italic' }]);

describe('literal Markdown', () => {
  it.each(['![a <b> c](d)', '![a](b "c ![d](e) f")', '![a <https://b.cd> e](f)', '**a `` `b` ``**'])(
    '%s is what its author wrote',
    (markdown) => {
      const text = markdown.replaceAll('**', '');
      same(markdown, doc(p(text === markdown ? text : bold(text))), bare);
    },
  );
  it('is not what a break has put at the start of a line, though it is bold', () =>
    same('**a\\\n\\<pre>**', doc(p(bold('a'), br, bold('<pre>'))), bare));
});

describe('marks', () => {
  it('are bold and italic', () => same('__a__ and *b*', doc(p(bold('a'), ' and ', italic('b')))));
  it('nest by how far they reach', () => same('**a *b* c**', doc(p(bold('a '), both, bold(' c')))));
  it('leave space outside', () => prints(doc(p(bold('a '), 'b')), '**a** b'));
  it('strike', () => same('~~a~~', doc(p(strike('a')))));
  it('strike literally for editors without it', () =>
    same('~~a *b*~~', doc(p('~~a ', italic('b'), '~~')), bare));
  it('strike literally with one tilde, and with three not at all', () => {
    same('~a~', doc(p('~a~')), bare);
    same('\\~\\~\\~a', doc(p('~~~a')), bare);
  });
  it('are code', () => same('`a*b`', doc(p(codeText('a*b')))));
  it('keep code within them as literal Markdown', () => same('**run `a` now**', doc(p(bold('run `a` now')))));
  it('keep code that an editor has made bold', () => {
    prints(doc(p(textNode('a', [{ type: 'bold' }, { type: 'code' }]))), '**`a`**');
  });
  it('keep a mark within itself as raw source', () => {
    same('*a *b* c*', doc(p(italic('a '), raw('*'), italic('b'), raw('*'), italic(' c'))));
  });
  it('are underlined in HTML', () =>
    same(
      'a <u>*b* c</u>',
      doc(p('a ', textNode('b', [{ type: 'italic' }, { type: 'underline' }]), under(' c'))),
    ));
  it('are underlined for every editor', () => same('<u>a</u>', doc(p(under('a'))), { features: [] }));
  it('keep a tag of underlined text that has no partner', () =>
    same('a <u>b', doc(p('a ', raw('<u>'), 'b'))));
});

describe('links', () => {
  it('have an address and a title', () => same('[a](/b "c")', doc(p(link('/b', 'a', 'c')))));
  it('by reference are plain in the document', () => reads('[a][b]\n\n[b]: /c', doc(p(link('/c', 'a')))));
  it('hold code as literal Markdown', () => same('[`a`](/b)', doc(p(link('/b', '`a`')))));
  it('hold images as literal Markdown', () => same('[![a](b.png)](/c)', doc(p(link('/c', '![a](b.png)')))));
  it('without text stay literal', () => same('a [](/b)', doc(p('a [](/b)'))));
  it('are bare', () =>
    same('See https://a.ca/b_c.', doc(p('See ', link('https://a.ca/b_c', 'https://a.ca/b_c'), '.'))));
  it('are in angle brackets', () => same('<https://a.ca>', doc(p(link('https://a.ca', 'https://a.ca')))));
  it('are bare where an editor has not marked them', () => prints(doc(p('See www.a.ca')), 'See www.a.ca'));
});

describe('images', () => {
  it('are inline', () => same('a ![b](c.png "d")', doc(p('a ', image('c.png', 'b', 'd')))));
  it('are literal for editors without them', () =>
    same('a ![b](c.png "d")', doc(p('a ![b](c.png "d")')), bare));
  it('that are only text keep their backslash', () => same('![b]\\(c.png)', doc(p('\\![b](c.png)')), bare));
});

describe('inline HTML', () => {
  it('is a node', () => same('a <kbd>b</kbd>', doc(p('a ', raw('<kbd>'), 'b', raw('</kbd>')))));
  it('is literal for editors without it', () => same('a <kbd>b</kbd>', doc(p('a <kbd>b</kbd>')), bare));
  it('is a hard break where there is one line', () => same('# a<br>b', doc(h(1, 'a', br, 'b'))));
});

describe('civic references', () => {
  const source = '<!--civic-ref type="record" id="noise-bylaw" label="Noise &quot;A&quot; &#45;&#45; B"-->';
  const node = civicRef('record', 'noise-bylaw', 'Noise "A" -- B');

  it('stand in text', () => same(`See ${source}.`, doc(p('See ', node, '.'))));
  it('belong to their paragraph at the start of a line', () =>
    same(`${source} applies.`, doc(p(node, ' applies.'))));
  it('belong to their paragraph on a line of their own', () => same(source, doc(p(node))));
  it('continue a paragraph', () => reads(`See\n${source}`, doc(p('See ', node))));
  it('are literal for editors without them', () =>
    same(`${source} applies`, doc(p(`${source} applies`)), bare));
  it('in another spelling stay as they are', () => {
    const other = "<!--civic-ref id='a'-->";
    same(`See ${other}`, doc(p('See ', raw(other))));
  });
});

describe('footnote references', () => {
  it('are nodes', () => {
    expect(open('a[^1]\n\n[^1]: b').json.content?.[0]).toEqual(p('a', note('1')));
  });
  it('are literal for editors without them', () => {
    const { json } = open('a[^1]\n\n[^1]: b', bare);
    expect(json.content?.[0]).toEqual(p('a[^1]'));
    expect(print(json, undefined, bare)).toBe('a[^1]\n\n[^1]: b\n');
  });
});

describe('nodes from another schema', () => {
  it('are printed by their text', () => {
    prints(
      doc({ type: 'callout', content: [p('a'), { type: 'details', content: [textNode('b')] }] }),
      'a\n\nb',
    );
  });
  it('without text leave a trace', () => {
    prints(
      doc({ type: 'video', attrs: { src: 'a--b' } }),
      '<!-- {"type":"video","attrs":{"src":"a-\\u002db"}} -->',
    );
  });
  it('inline are printed by their text', () => {
    prints(doc(p('a ', { type: 'mention', content: [textNode('b')] })), 'a b');
  });
  it('survive text among blocks', () => prints(doc(textNode('a'), p('b')), 'a\n\nb'));
});
