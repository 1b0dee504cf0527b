/** A text parsed in slices reads as it does in one piece. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { takeApart } from '../../markdown/apart.ts';
import { Definitions } from '../../markdown/definitions.ts';
import { featureSet } from '../../markdown/features.ts';
import { parseWithin } from '../../markdown/parse.ts';
import { hard } from './fixtures/hard.ts';
import { randomFrom } from './helpers/random.ts';

const folder = join(import.meta.dirname, '../../../shared/corpus');
const files = existsSync(folder) ? globSync('*/**/*.md', { cwd: folder }).sort() : [];

function expectSame(markdown: string, hint: string): void {
  const inSlices = takeApart(markdown, {});
  const atOnce = parseWithin(inSlices.lines.join(''), new Definitions([]), featureSet());
  expect(inSlices.blocks, hint).toEqual(atOnce.blocks);
}

it.each(files)('%s', (file) => expectSame(readFileSync(join(folder, file), 'utf8'), file));

const pieces = [
  'Text [a] and [b c][A].\n\n',
  '# Heading [^1]\n\n',
  '[a]: /x\n\n',
  '[B\n c]: /y "t"\n\n',
  '[^1]: note\n\n    more\n\n',
  'Next [^1]\n\n',
  '```\n\nCode\n\n',
  '```\n\n',
  '<!--\n\nComment\n\n',
  '-->\n\n',
  '<div>\n\nIn it\n\n',
  '- item\n\n  Item\n\n',
  '    code\n\n',
  '> quote\n\nEnd\n',
  '\n\n',
  '1. one\n\nOne\n\n',
  '| a |\n|---|\n\n',
  'Title\n===\n\n',
  '***\n\nRule\n\n',
  '> [a]: /z\n\nBehind [a]\n\n',
  '<script>\n\nScript\n\n',
  '</script>\n\n',
  '~~~\n\nTilde\n\n',
  ...hard.split(/(?<=\n\n)/),
];

it('any pieces in any order', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = randomFrom(seed);
    const markdown = Array.from({ length: 14 }, () => pieces[random(pieces.length)]).join('');
    expectSame(markdown, `seed ${seed}: ${JSON.stringify(markdown)}`);
  }
});
