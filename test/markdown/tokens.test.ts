/** The merge by itself: printed before, the source, printed after. */

import { describe, expect, it } from 'vitest';
import { compare, type Meeting, merged as mergedText, mergeLines, tokensOf } from '../../markdown/tokens.ts';

const merged = (before: string, source: string, after: string, meeting: Meeting = { first: 'edit' }) =>
  mergedText(compare(before, source, after), meeting);

describe('tokens', () => {
  it('are words, spaces, line breaks, runs and single characters', () =>
    expect(tokensOf('été 2a  \n--- ==**')).toEqual([
      'été',
      ' ',
      '2a',
      '  ',
      '\n',
      '---',
      ' ',
      '==',
      '*',
      '*',
    ]));
  it('put together are the text', () => {
    const text = '😀 a\u0000b\u2028c\r\n\t- x';
    expect(tokensOf(text).join('')).toBe(text);
  });
});

describe('a merge', () => {
  it('has both, side by side too', () => expect(merged('*a* b', '_a_ b', '*x* b')).toBe('_x_ b'));
  it('keeps wraps', () => expect(merged('a b c', 'a\nb\nc', 'a x c')).toBe('a\nx\nc'));
  it('takes the edit where they overlap', () =>
    expect(merged('a (b c) d', 'a [r] d', 'a (b x) d')).toBe('a (b x) d'));
  it('puts two insertions at one place in the order asked for', () => {
    expect(merged('a', 'a #', 'a b')).toBe('a b #');
    expect(merged('a', 'a #', 'a b', { first: 'source' })).toBe('a # b');
  });
  it('drops what is nearest to the edit', () =>
    expect(merged('a* b c d*', 'a\\* b c d\\*', 'a* b x d*', { first: 'edit', drops: 1 })).toBe(
      'a\\* b x d*',
    ));
  it('lets a deletion slide off a wrap', () => expect(merged('a b c', 'a\nb c', 'a c')).toBe('a\nc'));
  it('indents wraps for their new place', () =>
    expect(merged('a b', 'a\nb', '> - a b')).toBe('> - a\n>   b'));
  it('keeps the wraps around a space that goes with an escape', () =>
    expect(merged('a b \\<c d', 'a\nb\n<c\nd', 'x b \\<c d')).toBe('x\nb\n<c\nd'));
  it('drops all that its author wrote in the line of the edit, and nothing else', () => {
    const line: Meeting = { first: 'edit', drops: 'line', keepsWraps: true };
    expect(merged('a* b* c* d*', 'a\\* b\\*\nc\\* d\\*', 'a* x* c* d*', line)).toBe('a* x*\nc\\* d\\*');
  });
  it('keeps hidden lines, whatever goes around them', () => {
    const source = '- [a]\n\n  [a]: /b\n- c\n';
    const compared = compare('- [a](/b)\n- c\n', source, '- x\n', [{ firstLine: 1, endLine: 3 }]);
    expect(mergedText(compared, { first: 'edit', drops: 16 })).toBe('- x\n\n  [a]: /b\n');
  });
  it('of lines compares them one by one where as many were replaced', () =>
    expect(mergeLines('a\nb\nc\n', 'A\nB\nc\n', 'a\nx\nc\n')).toBe('A\nx\nc\n'));
});
