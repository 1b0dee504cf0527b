/**
 * What opening and saving costs, beside remark's own parse and print of the same text in the same run: laws, and
 * texts that are one big block.
 *
 * Run it alone with `node test/bench/markdown.ts`.
 */
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkStringify from 'remark-stringify';
import { unified } from 'unified';
import { type NodeJson, open, save } from '../../markdown/index.ts';
import { median } from './statistics.ts';
import { bigBlocks, law } from './texts.ts';

const lawKilobytes = [10, 100, 1_000];
const rounds = { law: 5, block: 1 };

export interface MarkdownRow {
  readonly text: string;
  readonly KB: number;
  readonly 'remark parse + print, ms': number;
  readonly 'open, ms': number;
  readonly 'save unchanged, ms': number;
  readonly 'save after one word, ms': number;
}

export function markdownRows(): MarkdownRow[] {
  return [
    ...lawKilobytes.map((size) => rowOf('a law', law(size * 1_000), rounds.law)),
    ...Object.entries(bigBlocks).map(([name, text]) => rowOf(name, text(), rounds.block)),
  ];
}

const peer = unified().use(remarkParse).use(remarkGfm).use(remarkStringify).freeze();

function rowOf(name: string, text: string, count: number): MarkdownRow {
  const times = { remark: [], open: [], unchanged: [], edited: [] } as Record<string, number[]>;
  for (let round = 0; round < count; round += 1) {
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
    text: name,
    KB: Math.round(text.length / 1_000),
    'remark parse + print, ms': rounded(remarkMs),
    'open, ms': rounded(openMs),
    'save unchanged, ms': rounded(unchangedMs),
    'save after one word, ms': rounded(editedMs),
  };
}

/** "register" becomes "record" in the middle of the document. */
function withEditedWord(json: NodeJson): NodeJson {
  const live = structuredClone(json);
  const texts = textsIn(live).filter(({ text }) => text?.includes('register'));
  const node = texts[texts.length >> 1];
  const at = node?.text?.indexOf('register', (node.text.length >> 1) - 8) ?? -1;
  if (!node?.text) throw new Error('The text has no register.');
  node.text = `${node.text.slice(0, at)}record${node.text.slice(at + 'register'.length)}`;
  return live;
}

function textsIn(node: NodeJson): NodeJson[] {
  return node.text !== undefined ? [node] : (node.content ?? []).flatMap(textsIn);
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
