/**
 * The filter from outside.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

function roundtrip(input: string | Uint8Array, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, 'scripts/roundtrip.ts'), ...args],
    { input },
  );
  return { output: stdout.toString(), complaint: stderr.toString(), status };
}

it.each([
  ['plain', '# Title\n\nA *word*.\n'],
  ['with a byte order mark, CRLF and no final newline', '\uFEFF# Title\r\n\r\nA word.'],
  ['with frontmatter', '---\ntitle: x\n---\n\nA word.\n'],
  ['empty', ''],
])('[M1] gives back what is %s', (_what, markdown) => {
  expect(roundtrip(markdown)).toEqual({ output: markdown, complaint: '', status: 0 });
  expect(roundtrip(markdown, '--no-through-ydoc').output).toBe(markdown);
  expect(roundtrip(markdown, '--features', '').output).toBe(markdown);
  expect(roundtrip(markdown, '--dialect', 'civicpress').output).toBe(markdown);
});

it.each(['tiptap', 'civicpress'])('makes an edit as a %s editor would, in its marks', (dialect) => {
  const markdown = '* one\n* a **bold** word\n';
  const { output } = roundtrip(markdown, '--dialect', dialect, '--edit', 'bold=>brave');
  expect(output).toBe('* one\n* a **brave** word\n');
});

it('deletes a word, and changes one line', () => {
  const { output } = roundtrip('* one\n* two words\n', '--edit', ' words=>');
  expect(output).toBe('* one\n* two\n');
});

it.each([
  ['input that is not UTF-8', Uint8Array.from([0x23, 0xff]), [], 'not valid UTF-8'],
  ['an edit of what is not there', 'A word.\n', ['--edit', 'sentence=>x'], 'does not say "sentence"'],
  ['an edit that is none', 'A word.\n', ['--edit', 'word'], "'old=>new'"],
  [
    'an unknown dialect',
    'A word.\n',
    ['--dialect', 'snake'],
    '--dialect knows tiptap, civicpress, not "snake"',
  ],
  [
    'a feature that the dialect cannot hold',
    'A word.\n',
    ['--dialect', 'civicpress', '--features', 'taskList'],
    'not "taskList"',
  ],
  ['an unknown feature', 'A word.\n', ['--features', 'video'], 'not "video"'],
  ['an unknown option', 'A word.\n', ['--edits', 'a=>b'], /^Unknown option '--edits'.*\n$/],
])('refuses %s and writes nothing', (_what, input, args, complaint) => {
  const result = roundtrip(input, ...args);
  expect(result.complaint).toMatch(complaint);
  expect(result).toMatchObject({ output: '', status: 1 });
});
