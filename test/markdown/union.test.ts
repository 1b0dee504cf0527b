import { describe, expect, it } from 'vitest';
import { ancestorOf } from '../../markdown/ancestor.ts';
import { mergeMarkdown } from '../../markdown/merge.ts';
import { unionOf } from '../../markdown/union.ts';
import { randomFrom } from './helpers/random.ts';

describe('two who changed the same line', () => {
  it.each([
    [
      'First paragraph.',
      'First from the room paragraph.',
      'Another paragraph.',
      'Another from the room paragraph.',
    ],
    [
      'The fee is 100 dollars.',
      'The fee is 120 dollars.',
      'The fee is 150 dollars.',
      'The fee is 120 150 dollars.',
    ],
    ['A, b and c.', 'A, b and d.', 'A and c.', 'A and d.'],
    ['One two three.', 'One two.', 'One three.', 'One.'],
    ['Same.', 'Same here.', 'Same here.', 'Same here.'],
    ['Keep this.', 'Keep all of this.', 'Keep all of this now.', 'Keep all of this now.'],
    ['', 'Ours.', 'Theirs.', 'Ours. Theirs.'],
  ])('[E3] %j', (ancestor, ours, theirs, both) => {
    expect(unionOf(ancestor, ours, theirs).text).toBe(both);
  });

  it('[E3] keep their paragraphs apart', () => {
    const { text, isContested } = unionOf('A.\n', 'A.\n\nRoom paragraph.\n', 'A.\n\nOutside paragraph.\n');
    expect(text).toBe('A.\n\nRoom paragraph.\n\nOutside paragraph.\n');
    expect(isContested).toBe(true);
  });

  it('[E3] contest it where they wrote at one place, or one wrote where the other took out, and only there', () => {
    const contested = (ours: string, theirs: string) =>
      unionOf('One two three four.', ours, theirs).isContested;
    expect(contested('One 2 three four.', 'One II three four.')).toBe(true);
    expect(contested('One.', 'One two, so three four.')).toBe(true);
    expect(contested('One 2 three four.', 'One two three 4.')).toBe(false);
    expect(contested('One 2 three four.', 'One 2 three four.')).toBe(false);
    expect(contested('One 2 three four.', 'One 2 and three four.')).toBe(false);
  });

  it('[E3] lose no word and double none, whatever both wrote and wherever', () => {
    const random = randomFrom(7);
    const vocabulary =
      'the council may by resolution amend any fee set out in this bylaw and give notice'.split(' ');
    let number = 0;
    const insertion = (text: string, into: string[]) => {
      const places = [...text.matchAll(/[a-z0-9]+/g)].map((word) => word.index + word[0].length);
      const at = places[random(places.length)] as number;
      number += 1;
      into.push(`x${number}`);
      return `${text.slice(0, at)} x${number}${text.slice(at)}`;
    };
    for (let round = 0; round < 2000; round += 1) {
      const sentence = () =>
        Array.from({ length: 4 + random(9) }, () => vocabulary[random(vocabulary.length)]).join(' ');
      const base = `${Array.from({ length: 1 + random(3) }, sentence).join('.\n\n')}.\n`;
      const written: string[] = [];
      let shared = base;
      for (let count = random(3); count > 0; count -= 1) shared = insertion(shared, written);
      let [ours, theirs] = [shared, shared];
      for (let count = random(4); count > 0; count -= 1) ours = insertion(ours, written);
      for (let count = random(4); count > 0; count -= 1) theirs = insertion(theirs, written);
      // Half of the time what both had in common is known, and half of the time only what was before.
      const { markdown } = mergeMarkdown(random(2) ? shared : base, ours, theirs);
      const found = markdown.match(/x\d+/g) ?? [];
      expect(found.toSorted(), JSON.stringify({ round, base, ours, theirs, markdown })).toEqual(
        written.toSorted(),
      );
      expect(markdown.replace(/ x\d+/g, '')).toBe(base);
    }
  });
});

describe('what somebody has read', () => {
  const [old, middle, newest] = ['One two.\n', 'One two three.\n', 'One two three four.\n'];

  it('[E4] is the text from which theirs differs least', () => {
    const ancestor = (text: string) => ancestorOf(text, [newest, middle, old]);
    expect(ancestor('One two, theirs.\n')).toBe(old);
    expect(ancestor('One two three theirs.\n')).toBe(middle);
    expect(ancestor('One two three four theirs.\n')).toBe(newest);
    expect(ancestor('Nothing like it.\n')).toBe(old);
    expect(ancestorOf('Anything.\n', [newest])).toBe(newest);
  });

  it('[E4] is the newest of those that are as near', () => {
    expect(ancestorOf('One two\n', ['One two.\n', 'One two!\n'])).toBe('One two.\n');
  });
});
