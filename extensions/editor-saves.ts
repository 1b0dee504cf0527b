/**
 * Knows what CivicPress' own editor saves beside the room, each time it loses the focus: the whole document as its page
 * prints it, below the record's title, which the document begins with as well. It says nothing that the room does not
 * hear from the editor itself; taken for an edit it would double the title each time.
 */
import type { RecordText } from '../server/ports.ts';

/**
 * What the document said when it was saved; `null` when this is no such save.
 *
 * @param own how the room's text begins
 */
export function savedByEditor({ title, markdown }: RecordText, own: string): string | null {
  if (title === undefined || !own.startsWith('# ')) return null;
  const first = `# ${title}\n\n`;
  if (!markdown.startsWith(first) || titlesOf(markdown) !== titlesOf(own) + 1) return null;
  return markdown.slice(first.length);
}

/** How many headings of the first level stand at the beginning. */
function titlesOf(markdown: string): number {
  const lines = markdown.split('\n').filter((line) => line.trim() !== '');
  const other = lines.findIndex((line) => !line.startsWith('# '));
  return other < 0 ? lines.length : other;
}

/**
 * Whether each word of it is in one of these texts, or was being typed there: part of a word that was finished since.
 * An editor that has lost its connection may still save what the room has never heard.
 */
export function hasNothingNew(said: string, known: readonly string[]): boolean {
  const words = new Set(known.flatMap(wordsOf));
  return wordsOf(said).every((word) => words.has(word) || [...words].some((other) => grewFrom(other, word)));
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether all letters of `part` stand in `word`, in their order, and it begins the same. */
function grewFrom(word: string, part: string): boolean {
  if (word[0] !== part[0] || part.length >= word.length) return false;
  let found = 0;
  for (const letter of word) if (letter === part[found]) found += 1;
  return found === part.length;
}
