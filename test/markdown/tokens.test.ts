/** The merge by itself: printed before, the source, printed after. */

import { describe, expect, it } from 'vitest';
import { difference, linesIn, type Meeting, merge, mergeLines, tokensOf } from '../../markdown/tokens.ts';

const merged = (before: string, source: string, after: string, meeting: Meeting = { first: 'edit' }) =>
  merge(tokensOf(before), tokensOf(source), tokensOf(after), meeting);

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
  it('gives up on texts that have nothing in common', () => {
    const many = (word: string) => Array.from({ length: 2_000 }, (_, index) => `${word}${index} `).join('');
    expect(merged(many('a'), many('b'), many('c'))).toBeUndefined();
  });
  it('of lines compares them one by one where as many were replaced', () =>
    expect(mergeLines('a\nb\nc\n', 'A\nB\nc\n', 'a\nx\nc\n')).toBe('A\nx\nc\n'));
});

describe('a difference', () => {
  it.each([
    ['', ''],
    ['a b', ''],
    ['', 'a b'],
    ['a b c d', 'b c x d e'],
    ['a a a b', 'a b a'],
  ])('leads from %j to %j', (before, after) => {
    const tokens = tokensOf(before);
    for (const { at, length, tokens: inserted } of difference(tokens, tokensOf(after))?.toReversed() ?? [])
      tokens.splice(at, length, ...inserted);
    expect(tokens.join('')).toBe(after);
  });
  it('is empty between equals', () => expect(difference(linesIn('a\nb'), linesIn('a\nb'))).toEqual([]));
});
