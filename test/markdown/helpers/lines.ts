/** How many lines of a text became how many others, between the equal lines at both ends. */

export function changedLines(before: string, after: string): { removed: number; added: number } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return { removed: old.length - start - end, added: now.length - start - end };
}
