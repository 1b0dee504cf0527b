/**
 * What opening and saving a law costs, beside remark's own parse and print of the same text in the same run.
 *
 * Run it alone with `node test/bench/markdown.ts`.
 */
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkStringify from 'remark-stringify';
import { unified } from 'unified';
import { type NodeJson, open, save } from '../../markdown/index.ts';
import { median } from './statistics.ts';

const kilobytes = [10, 100, 1_000];
const rounds = 5;

export interface MarkdownRow {
  readonly 'text, KB': number;
  readonly 'remark parse + print, ms': number;
  readonly 'open, ms': number;
  readonly 'save unchanged, ms': number;
  readonly 'save after one word, ms': number;
}

export function markdownRows(): MarkdownRow[] {
  return kilobytes.map((size) => {
    const text = law(size * 1_000);
    const peer = unified().use(remarkParse).use(remarkGfm).use(remarkStringify).freeze();
    const times = { remark: [], open: [], unchanged: [], edited: [] } as Record<string, number[]>;
    for (let round = 0; round < rounds; round += 1) {
      times.remark?.push(timed(() => peer.stringify(peer.parse(text))).ms);
      const opened = timed(() => open(text));
      const { json, base } = opened.value;
      times.open?.push(opened.ms);
      times.unchanged?.push(timed(() => save({ json, base })).ms);
      const live = withEditedWord(json);
      times.edited?.push(timed(() => save({ json: live, base })).ms);
    }
    const [remarkMs, openMs, unchangedMs, editedMs] = Object.values(times).map(median);
    return {
      'text, KB': size,
      'remark parse + print, ms': rounded(remarkMs),
      'open, ms': rounded(openMs),
      'save unchanged, ms': rounded(unchangedMs),
      'save after one word, ms': rounded(editedMs),
    };
  });
}

/** Sections of a hard-wrapped law with lists, a table now and then, emphasis and links. */
export function law(length: number): string {
  let text = '---\ntitle: Law\n---\n\n';
  for (let section = 1; text.length < length; section += 1) {
    text += `## Section ${section} *Scope*\n\n`;
    for (let paragraph = 1; paragraph <= 4; paragraph += 1) {
      text += `(${paragraph}) The authority named in section ${section + paragraph} shall keep a register of all\n`;
      text += `premises, the **use** of which is [regulated](https://example.org/${section}), and shall\n`;
      text += 'publish it once a year, without the names of persons, in the official journal.\n\n';
    }
    text +=
      '1.  a list of the premises,\n2.  their use, in so far as\n    it is permitted,\n3.  the date.\n\n';
    if (section % 10 === 0) text += '| Zone | Noise, dB |\n|------|-----------|\n| A    | 45        |\n\n';
  }
  return text;
}

function withEditedWord(json: NodeJson): NodeJson {
  const live = structuredClone(json);
  const paragraphs = live.content?.filter((node) => node.type === 'paragraph') ?? [];
  const [text] = paragraphs[paragraphs.length >> 1]?.content ?? [];
  if (text?.text) text.text = text.text.replace('register', 'record');
  return live;
}

function timed<T>(run: () => T): { value: T; ms: number } {
  const startedAt = performance.now();
  const value = run();
  return { value, ms: performance.now() - startedAt };
}

function rounded(ms: number | undefined): number {
  return Math.round((ms ?? Number.NaN) * 10) / 10;
}

if (import.meta.main) console.table(markdownRows());
