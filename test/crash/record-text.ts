/**
 * The records that are typed into, and how two forms of one text are compared: block by block, as plain text.
 *
 * No block says the same as another, so a paragraph that comes back twice shows.
 */
import type { NodeJson } from '../../markdown/index.ts';

/** A bylaw with something of everything that people type into. */
export function recordText(sections: number): string {
  const parts = Array.from({ length: sections }, (_, index) => sectionText(index + 1));
  return `# Bylaw 2026-07 Respecting Crashes\n\n${parts.join('\n')}`;
}

function sectionText(number: number): string {
  return `## ${number}. Section ${number}

Clause ${number}.1 says that **no person** shall lose what was *acknowledged* to another person.

Clause ${number}.2 applies by day and by night, as the [register](https://riverside.example/${number}) shows.

- case ${number}.a of a bullet
- case ${number}.b, which has cases of its own:
  1. first case under ${number}.b
  2. second case under ${number}.b

> Note ${number}: whoever is in doubt asks the clerk.

| Offence ${number} | Fine ${number} |
| --- | --- |
| first of ${number} | $2${number}0 |
| second of ${number} | $4${number}0 |
`;
}

/**
 * Each block that holds text, as where it stands and what it says; empty ones are left out, since Markdown has none.
 *
 * @example ['heading: Noise', 'bulletList/listItem/paragraph: bells']
 */
export function blocksOf(json: NodeJson, path = ''): string[] {
  const content = json.content ?? [];
  const isTextBlock = content.some(({ text }) => text !== undefined);
  if (isTextBlock) return [`${path}: ${content.map(({ text = '\uFFFC' }) => text).join('')}`];
  return content.flatMap((child) => blocksOf(child, path ? `${path}/${child.type}` : child.type));
}
