/** Text stays text, with no more backslashes than that takes. */

import { describe, expect, it } from 'vitest';
import { codeSpan } from '../../markdown/escape.ts';
import { open, print } from '../../markdown/index.ts';
import { print as printIn } from '../../markdown/serialize.ts';
import { plainStyle } from '../../markdown/style.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { bold, doc, italic, link, p } from './helpers/build.ts';
import { randomFrom } from './helpers/random.ts';
import { reads, same } from './helpers/same.ts';

describe('text that is no markup', () => {
  it.each([
    '[City Name] shall',
    'as amended [1999].',
    'R&D, 5 * 4 and a ~ b',
    'snake_case_name',
    '#foo',
    'x < 5 | y',
    'Section 3.1(a): "the Town\'s"',
    'C:\\dir',
    ':::note {{x}} $$',
  ])('%s has no backslash more', (text) => expect(print(doc(p(text)))).toBe(`${text}\n`));
});

describe('text that would be markup', () => {
  it.each([
    '1. foo',
    '- foo',
    '# foo',
    '=== x',
    '> q',
    '[ ] todo',
    '[x]: y',
    '[^1]',
    'a [b](c)',
    '[a][b]',
    '![a]',
    '&copy; &#35;',
    '*a* _b_ ~~c~~ `d`',
    '<b> <!-- c -->',
    '**',
    'ends\\',
    '| a |',
    '+++',
    '---',
  ])('%s comes back as it is', (text) => {
    const markdown = `\n${print(doc(p(text)))}`;
    expect(open(markdown).json, markdown).toEqual(doc(p(text)));
  });

  it('in a link comes back as it is', () => {
    expect(open(print(doc(p(link('/x', 'a] [b'))))).json).toEqual(doc(p(link('/x', 'a] [b'))));
  });

  it('in a link may look like an empty one', () =>
    same('[\\[\\]()](/x)', doc(p(link('/x', '[]()'))), { features: [] }));
});

describe('text that only looks like source which an editor lacks', () => {
  it.each(['<a_b_c>', '<a @b>', '<a\u00a0b>', '</a_b>'])('%s needs no protection', (text) =>
    reads(`x ${text} y`, doc(p(`x ${text} y`)), { features: [] }),
  );
  it.each(['<!-->', '<a-b :c="d" e>', '[](a\\)b)', '[](<a\\>b>)', '![c](d\u00a0e)'])('%s is it', (text) =>
    same(`x ${text} y`, doc(p(`x ${text} y`)), { features: [] }),
  );
});

describe('code spans', () => {
  it.each([
    ['a', '`a`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    [' a ', '`  a  `'],
  ])('%j are written %s', (text, markdown) => expect(codeSpan(text)).toBe(markdown));
});

describe('text that is spelled out', () => {
  it('reads as itself, whatever is in it', () => {
    const characters = '*_`~#+-=|<>[]()!&;:.1ax \\"^@/';
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = randomFrom(seed);
      const text = () =>
        Array.from({ length: 1 + random(8) }, () => characters[random(characters.length)]).join('');
      const json = doc(p(`a${text()}`, bold(`b${text()}`), text(), italic(text()), `${text()}z`));
      const markdown = printIn(json, plainStyle, { isSpelledOut: true });
      expect(keyOf(open(markdown).json), `seed ${seed}: ${markdown}`).toBe(keyOf(json));
    }
  });
});
