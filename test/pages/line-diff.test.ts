import { createTwoFilesPatch } from 'diff';
import { describe, expect, it } from 'vitest';
import { countChanges, type DiffRow, lineDiff, patchRows } from '../../server/demo/pages/line-diff.ts';

/** Rows as a reader sees them: `+`, `-` or a space, the text with [changed words], `…n` for what is left out. */
function view(rows: DiffRow[]): string[] {
  const marks = { same: ' ', added: '+', removed: '-' };
  return rows.map((row) =>
    row.kind === 'skipped'
      ? `…${row.count}`
      : marks[row.kind] + row.parts.map(({ text, changed }) => (changed ? `[${text}]` : text)).join(''),
  );
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

describe('lineDiff', () => {
  it.each([
    ['two empty texts', '', '', []],
    ['the same text', 'a\nb', 'a\nb', ['…2']],
    ['a final newline', 'a', 'a\n', ['…1']],
    ['a new text', '', 'a\nb', ['+a', '+b']],
    ['a text that went', 'a\nb', '', ['-a', '-b']],
    ['a line added', 'a\nc', 'a\nb\nc', [' a', '+b', ' c']],
    ['a line removed', 'a\nb\nc', 'a\nc', [' a', '-b', ' c']],
    ['an empty line added', 'a\nb', 'a\n\nb', [' a', '+', ' b']],
    [
      'one word',
      'No noise after 22:00.',
      'No music after 22:00.',
      ['-No [noise] after 22:00.', '+No [music] after 22:00.'],
    ],
    ['one line into two', 'a', 'b\nc', ['-a', '+b', '+c']],
    ['a removal before an addition', 'a\nx\nb', 'a\nb\ny', [' a', '-x', ' b', '+y']],
  ])('shows %s', (_name, before, after, rows) => {
    expect(view(lineDiff(before, after))).toEqual(rows);
  });

  it('keeps three lines around a change and counts the rest', () => {
    const before = numbered(20);
    const after = before.with(9, 'changed');
    expect(view(lineDiff(before.join('\n'), after.join('\n')))).toEqual([
      '…6',
      ' line 7',
      ' line 8',
      ' line 9',
      '-[line 10]',
      '+[changed]',
      ' line 11',
      ' line 12',
      ' line 13',
      '…7',
    ]);
  });

  it('counts added and removed lines', () => {
    expect(countChanges(lineDiff('a\nb', 'a\nc\nd'))).toEqual({ added: 2, removed: 1 });
  });

  it('compares a law of 20,000 lines within a second', () => {
    const before = numbered(20_000);
    const startedAt = performance.now();
    const rows = lineDiff(before.join('\n'), before.with(10_000, 'changed').join('\n'));
    expect(countChanges(rows)).toEqual({ added: 1, removed: 1 });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('patchRows', () => {
  const patchOf = (before: string, after: string) =>
    createTwoFilesPatch('before', 'after', before, after, '', '', { context: 1 });

  it.each([
    ['nothing', 'a\n', 'a\n', []],
    [
      'two hunks',
      '1\n2\n3\n4\n5\n6\n',
      '1\ntwo\n3\n4\n5\n66\n',
      [' 1', '-[2]', '+[two]', ' 3', '…1', ' 5', '-[6]', '+[66]'],
    ],
    ['a change at the end, without a newline', '1\n2\na b', '1\n2\na c', ['…1', ' 2', '-a [b]', '+a [c]']],
    ['lines that went', '1\n2\n3\n', '1\n', [' 1', '-2', '-3']],
    ['everything', '1\n2\n', '', ['-1', '-2']],
  ])('shows %s', (_what, before, after, rows) => {
    expect(view(patchRows(patchOf(before, after)))).toEqual(rows);
  });
});
