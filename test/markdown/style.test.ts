/** The author's hand, read off a text. */

import { describe, expect, it } from 'vitest';
import { plainStyle, print, sniffStyle } from '../../markdown/index.ts';
import { doc, italic, li, p, ul } from './helpers/build.ts';

describe('the style of a text', () => {
  it('is plain where the text shows nothing', () => expect(sniffStyle('a')).toEqual(plainStyle));

  it('has the markers of emphasis', () => {
    expect(sniffStyle('_a_ __b__ _c_ *d*')).toMatchObject({ emphasis: '_', strong: '_' });
  });

  it('has each list in its place', () => {
    expect(sniffStyle('*   a\n*   b\n\ntext\n\n+ c\n\n+ d').bulletLists).toEqual([
      { marker: '*', loose: false, gap: 3, counts: true },
      { marker: '+', loose: true, gap: 1, counts: true },
    ]);
  });

  it('has headings, code and rules as written', () => {
    expect(sniffStyle('a\n=\n\n## b ##\n\n    c\n\n~~~~\nd\n~~~~\n\n* * *')).toMatchObject({
      headings: [{ form: 'setext' }, { form: 'closedAtx' }],
      codeBlocks: [{ form: 'indented' }, { form: 'fenced', fence: '~~~~' }],
      rules: ['* * *'],
    });
  });

  it('gives new lists the commonest of the known ones', () => {
    const style = sniffStyle('* a\n\ntext\n\n* b\n\ntext\n\n+ c');
    expect(print(doc(ul(li(p(italic('x'))))), style)).toBe('* *x*\n');
  });
});
