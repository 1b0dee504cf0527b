import { applyPatch } from 'diff';
import { expect, it } from 'vitest';
import { unifiedDiff } from '../../server/conversion/unified-diff.ts';

const diffOf = (from: string, to: string) =>
  unifiedDiff({ name: 'version 1', markdown: from }, { name: 'version 2', markdown: to });

it('[V9] says nothing of texts that are the same', () => {
  expect(diffOf('a\n', 'a\n')).toBe('');
});

it.each([
  ['a line that changed', 'a\nb\nc\n', 'a\nB\nc\n'],
  ['a last line without its end', 'a\nb', 'a\nb\n'],
  ['a text that came out of nothing', '', 'a\nb\n'],
  ['a text that went', 'a\nb', ''],
  ['Windows line endings', 'a\r\nb\r\n', 'a\nb\r\n'],
])('[V9] shows %s, as a patch that makes one of the other', (_what, from, to) => {
  expect(applyPatch(from, diffOf(from, to), { autoConvertLineEndings: false })).toBe(to);
});

it('[V9] replaces everything where the shortest diff is too far to seek', { timeout: 20_000 }, () => {
  const linesOf = (word: string) =>
    Array.from({ length: 40_000 }, (_, index) => `${word} ${index}\n`).join('');
  const [from, to] = [`${linesOf('before')}the end`, linesOf('after')];
  const startedAt = performance.now();
  const diff = diffOf(from, to);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(diff).toContain('@@ -1,40001 +1,40000 @@\n');
  expect(diff).toContain('\n-the end\n\\ No newline at end of file\n+after 0\n');
});
