/** After an edit in one item or row of a long block the text reads as it does when all of it is read. */

import { expect, it } from 'vitest';
import { featureSet } from '../../markdown/features.ts';
import { type Memory, parseLines } from '../../markdown/parse.ts';
import { reread } from '../../markdown/reread.ts';
import { linesIn } from '../../markdown/tokens.ts';
import { type Random, randomFrom } from './helpers/random.ts';

const numbered = (count: number, item: (number: number) => string) =>
  Array.from({ length: count }, (_, index) => item(index + 1)).join('');
const filling = 'with words that make it as long as it has to be, '.repeat(11).trim();

/** Lists and tables of many kinds. */
function blocksOf(count: number): string[] {
  const items = (item: (number: number) => string) => numbered(count, item);
  return [
    items((number) => `- item *${number}* ${filling}\n`),
    items((number) => `* item ${number}\n  ${filling}\n\n`),
    items((number) => `${number}. item ${number} ${filling}\n`),
    items((number) => `1)  item ${number} ${filling}\n    - inner\n\n    more\n`),
    items((number) => `- [ ] task ${number} ${filling}\n`),
    items(
      (number) => `- [${number % 2 ? 'x' : ' '}] task ${number} ${filling}\n${number === 4 ? '-\n' : ''}`,
    ),
    `| a | b |\n|---|:-:|\n${items((number) => `| ${number} | **row** ${filling} |\n`)}`,
    `a | b\n-|-\n${items((number) => `${number} | row \\| ${filling}\n`)}`,
    `|a|b|c|\n|-|-|-|\n${items((number) => `|${number}|${filling}|\n`)}`,
  ];
}

const blocks = blocksOf(8);

const behind = [
  '',
  '\nAfter it.\n',
  '\n  Indented.\n',
  '\n> Quoted\n',
  '<!-- c -->\n',
  '\n\n    code\n',
  '\n***\n',
];

const strange = [
  ...['x', '|', '| y |', '`', '*', '**', '[a](b)', '[a]: /b', '[ ] ', '[x] ', '\\', '<!--', '-->', '# '],
  ...['    ', '  ', '\n', '\n\n', '\n  ', '\n- ', '1. ', '- ', '> ', '```\n', '---\n', '2) ', '\t'],
];

/** One line, with something put into it, or something taken out of it. */
function edited(text: string, random: Random): string {
  const lines = linesIn(text);
  const at = random(lines.length);
  const line = lines[at] ?? '';
  // Most meaning is at the beginning of a line.
  const place = random(3) === 0 ? 0 : random(random(3) === 0 ? line.length : 14);
  const taken = random(3) === 0 ? random(6) : 0;
  const put = random(4) === 0 ? '' : (strange[random(strange.length)] ?? '');
  return lines.with(at, line.slice(0, place) + put + line.slice(place + taken)).join('');
}

it('as it does when all of it is read, whatever the edit', { timeout: 60_000 }, () => {
  let reused = 0;
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = randomFrom(seed);
    const text = `${random(2) ? 'Words.\n\n' : ''}${blocks[random(blocks.length)]}${behind[random(behind.length)]}`;
    const features = featureSet(random(3) === 0 ? { features: [] } : {});
    const memory: Memory = new Map();
    parseLines(linesIn(text), features, memory);
    const lines = linesIn(edited(text, random));
    const whole = parseLines(lines, features);
    expect(parseLines(lines, features, memory), `seed ${seed}: ${lines.join('')}`).toEqual(whole);
    if (reread(lines.join(''), memory, (part) => memory.get(part) ?? parseOf(part, features))) reused += 1;
  }
  expect(reused).toBeGreaterThan(20);
});

function parseOf(text: string, features: ReturnType<typeof featureSet>) {
  const memory: Memory = new Map();
  parseLines(linesIn(text), features, memory);
  const [[, slice] = []] = memory;
  if (!slice) throw new Error('nothing was read');
  return slice;
}

it('an item with less room before its words takes in what is indented behind it', () => {
  const text = numbered(8, (number) => `${number})  item ${filling}\n`).concat('\n   Indented.\n');
  const memory: Memory = new Map();
  parseLines(linesIn(text), featureSet(), memory);
  const after = linesIn(text.replace('8)  item', '8) item'));
  const { blocks: read } = parseLines(after, featureSet(), memory);
  expect(read).toEqual(parseLines(after, featureSet()).blocks);
  expect(read).toHaveLength(1);
});

// Where a task is missing, three items by themselves are tasks, and the list is none: it is read as a whole.
const likeTheirItems = blocksOf(40).filter((block) => !block.includes('\n-\n'));

it.each(likeTheirItems.map((block, index) => [index, block]))(
  'a word in block %i is all that is read',
  (_, block) => {
    const features = featureSet();
    const memory: Memory = new Map();
    parseLines(linesIn(block), features, memory);
    const middle = block.indexOf('words', block.length / 2);
    const after = `${block.slice(0, middle)}other ${block.slice(middle)}`;
    expect(after).not.toBe(block);
    let length = 0;
    const read = (text: string) => {
      length += text.length;
      return parseOf(text, features);
    };
    expect(reread(after, memory, read)).toBeDefined();
    expect(length).toBeLessThan(block.length / 3);
  },
);
