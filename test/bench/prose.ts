/**
 * Text of any length that compresses like real records (to 0.29 of its size with zstd 3), from a fixed seed.
 */
import { type Random, randomFrom } from '../markdown/helpers/random.ts';

const vocabulary = 500;
const letters = 'etaoinshrdlucmfw';
const wordsInParagraph = 60;
const paragraphsInSection = 8;

export function prose(length: number): string {
  const random = randomFrom(1);
  const words = Array.from({ length: vocabulary }, () => wordOf(random));
  let text = '';
  for (let section = 1; text.length < length; section += 1) {
    text += `## ${section}. ${sentence(words, random, 3)}\n\n`;
    for (let paragraph = 0; paragraph < paragraphsInSection && text.length < length; paragraph += 1) {
      text += `${sentence(words, random, wordsInParagraph)}.\n\n`;
    }
  }
  return text;
}

function wordOf(random: Random): string {
  return Array.from({ length: 2 + random(7) }, () => letters[frequent(letters.length, random, 1.5)]).join('');
}

function sentence(words: readonly string[], random: Random, length: number): string {
  return Array.from({ length }, () => words[frequent(words.length, random, 3)]).join(' ');
}

/** A number below `below`; the smaller ones come more often. */
function frequent(below: number, random: Random, power: number): number {
  return Math.floor(below * (random(2 ** 31) / 2 ** 31) ** power);
}
