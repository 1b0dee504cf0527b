/**
 * What is written when a whole document is printed anew.
 */
import { expect, it } from 'vitest';
import { printedAnew } from '../../markdown/anew.ts';
import { takeApart } from '../../markdown/apart.ts';
import { definitionsOf } from '../../markdown/definitions.ts';
import type { NodeJson } from '../../markdown/json.ts';

const given = { dialect: 'tiptap', features: [] } as const;

function anew(markdown: string, change: (blocks: NodeJson[]) => NodeJson[] = (blocks) => blocks): string {
  const source = takeApart(markdown, given);
  const blocks = change(source.blocks.map(({ node }) => node));
  const options = { ...given, definitions: definitionsOf(source.parsed.definitions, blocks) };
  return printedAnew(blocks, source, options).markdown;
}

it('its link definitions stay, behind the rest', () => {
  const markdown =
    '[before]: /before\n\nSee [before] and [behind].\n\n[between]: /between "a title"\n\nMore.\n\n[behind]: /behind\n';
  const written = anew(markdown);
  for (const definition of ['[before]: /before', '[between]: /between "a title"', '[behind]: /behind'])
    expect(written).toContain(`\n\n${definition}\n`);
  expect(written).toMatch(/^\s*See \[before].*\n\nMore\.\n\n\[before]/);
});

it('its head and its line endings stay', () => {
  const markdown = '\uFEFF---\r\ntitle: A\r\n---\r\n\r\nSome *words*.\r\n\r\n[a]: /a\r\n';
  expect(anew(markdown)).toBe(markdown);
});

it('it is as short as it can be without definitions', () => {
  expect(anew('Some words.\n\nMore.\n', ([first]) => [first as NodeJson])).toBe('Some words.\n');
});
