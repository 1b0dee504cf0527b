import { describe, expect, it } from 'vitest';
import { specMetadata } from '../../../extensions/spec-updates/events.ts';
import { readSpec, unreadableSpec } from '../../../extensions/spec-updates/spec.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function read(text: string, path = 'epics/E13-F03.md') {
  const spec = readSpec(path, bytes(text));
  expect(specMetadata.parse(spec.metadata)).toEqual(spec.metadata);
  return spec;
}

const inYaml = `---
id: E13-F03
title: Rate limits
type: feature
status: In progress
priority: High
created: 2025-03-11
last_updated: 2025-04-01
depends_on: [E12, E13-F01]
owner: Alice
---

# Rate limits

Text.
`;

const inList = `# Rate limits

## Spec Information

- **Spec ID**: E13-F03
- **Type**: feature
- **Status:** In progress
* **Priority** : High
- **Created**: 2025-03-11
- **Last Updated**: 2025-04-01
- **Dependencies**: \`E12\`, [E13-F01](E13-F01.md)
- **Owner**: Alice

## Overview

- **Status**: this one is text
`;

describe('what a spec file says', () => {
  it.each([
    ['in frontmatter', inYaml],
    ['in a list', inList],
    ['in a list with CRLF', inList.replaceAll('\n', '\r\n')],
  ])('[U5] of itself %s', (_where, text) => {
    expect(read(text).metadata).toEqual({
      id: 'E13-F03',
      title: 'Rate limits',
      parent: 'E13',
      type: 'feature',
      status: 'In progress',
      priority: 'High',
      created: '2025-03-11',
      updated: '2025-04-01',
      dependencies: ['E12', 'E13-F01'],
      path: 'epics/E13-F03.md',
      warnings: [],
    });
  });

  it.each([
    ['E13-F03.md', 'E13-F03', 'E13'],
    ['a/E13-F03-rate-limits.md', 'E13-F03', 'E13'],
    ['E13.md', 'E13', null],
    ['My spec (draft).md', 'My-spec-draft-', null],
    ['___.md', 'unnamed', null],
    [`${'x'.repeat(200)}.md`, 'x'.repeat(128), null],
  ])('[U5] by its name, when nothing else does: %s', (path, id, parent) => {
    expect(read('# A title\n', path).metadata).toMatchObject({ id, parent, title: 'A title', warnings: [] });
  });

  it('[U5] by its frontmatter first, and about its parent as it says', () => {
    const both = `---\nstatus: Done\nparent: E20\n---\n${inList}`;
    expect(read(both).metadata).toMatchObject({ id: 'E13-F03', status: 'Done', parent: 'E20' });
    expect(read('---\nparent: none\n---\n').metadata.parent).toBeNull();
    expect(read('---\nparent:\n---\n').metadata.parent).toBe('E13');
  });

  it.each([
    ['frontmatter that is no YAML', '---\nid: [E13\n---\n# T\n', /not a YAML mapping/],
    ['frontmatter that is a list', '---\n- id\n---\n# T\n', /not a YAML mapping/],
    ['aliases', '---\nid: &a E13\ntitle: *a\n---\n', /aliases/],
    ['100,000 keys', `---\n${'k: 1\n'.repeat(100_000)}---\n`, /too large/],
    ['far too many brackets', `---\nid: ${'['.repeat(30_000)}\n---\n`, /too large/],
    ['an id that is none', '---\nid: ../../etc/passwd\n---\n', /The id is not one/],
    ['an id that is a list', '---\nid: [E13, E14]\n---\n', /The id is not one/],
    ['a status that is a mapping', '---\nstatus: {a: b}\n---\n', /"status" is not a text/],
    ['itself as its parent', '---\nparent: E13-F03\n---\n', /"parent"/],
    ['dependencies that are none', '---\ndependencies: [E12, {a: b}]\n---\n', /"dependencies"/],
    ['too many dependencies', `---\ndependencies: ${'E12, '.repeat(200)}E13\n---\n`, /more than 100/],
  ])('[U5] with a warning, and what is known, when it has %s', (_what, text, warning) => {
    const { metadata } = read(text);
    expect(metadata.warnings.join()).toMatch(warning);
    expect(metadata).toMatchObject({ id: 'E13-F03', path: 'epics/E13-F03.md' });
  });

  it('[U5] with a warning when it is not text, or cannot be read', () => {
    const { metadata } = readSpec('E13-F03.md', Uint8Array.of(0x2d, 0xff, 0xfe));
    expect(metadata).toMatchObject({ id: 'E13-F03', warnings: ['The file is not valid UTF-8.'] });
    expect(unreadableSpec('E13-F03.md', 'Why.').metadata).toMatchObject({
      id: 'E13-F03',
      warnings: ['Why.'],
    });
  });

  it('tells a change of the text from one of the metadata', () => {
    const [yaml, list] = [read(inYaml), read(inList)];
    expect(read(inYaml.replace('In progress', 'Done')).textHash).toBe(yaml.textHash);
    expect(read(inList.replace('In progress', 'Done')).textHash).toBe(list.textHash);
    expect(read(inYaml.replace('Text.', 'Other text.')).textHash).not.toBe(yaml.textHash);
    expect(read(inYaml.replace('owner: Alice', 'owner: Bob')).textHash).not.toBe(yaml.textHash);
    expect(read(inList.replace('this one is', 'that one was')).textHash).not.toBe(list.textHash);
    expect(read(inList.replace('Owner**: Alice', 'Owner**: Bob')).textHash).not.toBe(list.textHash);
  });

  it('keeps what is long or has control characters in one short line', () => {
    const { metadata } = read(`---\ntitle: "a\\nb\\u0007${'c'.repeat(1_000)}"\n---\n`);
    expect(metadata.title).toMatch(/^a b c{490,}$/);
    expect(metadata.title).toHaveLength(500);
  });

  it('takes no longer for what is made to hurt', () => {
    const worst = [
      `---\n${'a: [x, y]\n'.repeat(299)}---\n`,
      `## Spec Information\n${'- **'.repeat(60_000)}`,
      `## Spec Information\n- **${'a'.repeat(250_000)}`,
      `---\n${'\n'.repeat(250_000)}`,
      `# ${' '.repeat(250_000)}`,
    ];
    for (const text of worst) {
      const began = performance.now();
      read(text);
      expect(performance.now() - began, text.slice(0, 30)).toBeLessThan(500);
    }
  });
});
