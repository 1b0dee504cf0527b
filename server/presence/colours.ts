/**
 * The colour of somebody's caret and name: the same in every window and on every day.
 */

/** Each has a contrast of at least 4.5:1 with white, and 3:1 with a dark page. */
export const userColours = [
  '#2d6cd4',
  '#c04a24',
  '#14805a',
  '#9448cf',
  '#94620a',
  '#c93a7f',
  '#0e7a92',
  '#66741f',
] as const;

export function colourOf(userId: string): string {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + (character.codePointAt(0) as number)) >>> 0;
  return userColours[hash % userColours.length] as string;
}
