/**
 * A second opinion on what keeps its bytes, with nothing of the library in it: remark says where the blocks of both
 * texts are, and the documents, as plain JSON, which of them nobody touched.
 */

import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

interface Node {
  readonly type: string;
  readonly content?: readonly Node[];
  readonly text?: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
}

interface Version {
  readonly markdown: string;
  readonly json: Node;
}

interface Block {
  /** What it is in the document. */
  readonly json: string;
  /** Its lines, with their endings. */
  readonly lines: string;
  readonly firstLine: number;
  readonly endLine: number;
}

const parser = unified().use(remarkParse).use(remarkGfm).freeze();
const frontmatter = /^\uFEFF?(?:(---|\+\+\+)[ \t]*\r?\n(?:[\s\S]*?\r?\n)??\1[ \t]*(?:\r?\n|$))?/;

/** How often there was something to compare, so that nobody takes silence for consent. */
export interface Compared {
  blocks: number;
}

/** A sentence for each block that nobody touched, nor what stands beside it, whose lines are others. */
export function changedThoughUntouched(before: Version, after: Version, compared: Compared): string[] {
  const [olds, news] = [blocksOf(before), blocksOf(after)];
  if (!olds || !news) return [];
  const pairs = commonIn(
    olds.map(({ json }) => json),
    news.map(({ json }) => json),
  );
  return [...pairs].flatMap(([at, index]) => {
    const isFirst = at === 0 && index === 0;
    const isLast = at === olds.length - 1 && index === news.length - 1;
    const isBesideTheSame =
      (isFirst || pairs.get(at - 1) === index - 1) && (isLast || pairs.get(at + 1) === index + 1);
    const [old, now] = [olds[at] as Block, news[index] as Block];
    // Of several that are the same, any may keep its bytes.
    const isOnlyOne = [olds, news].every(
      (blocks) => blocks.filter(({ json }) => json === old.json).length === 1,
    );
    if (!isBesideTheSame || !isOnlyOne) return [];
    compared.blocks += 1;
    if (bare(old.lines) === bare(now.lines) || !couldStay(old, now, after.markdown)) return [];
    return [`untouched, too: ${JSON.stringify(old.lines)} became ${JSON.stringify(now.lines)}`];
  });
}

/** The last line of a text has a line break as soon as something stands behind it. */
function bare(lines: string): string {
  return lines.replace(/[\r\n]+$/, '');
}

/** Blocks of the document and blocks of the text, if they are the same ones. */
function blocksOf({ markdown, json }: Version): Block[] | undefined {
  const nodes = (json.content ?? []).filter((node) => !isEmpty(node));
  const body = markdown.replace(frontmatter, '');
  const lines = body.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const parts = parser.parse(body).children.filter(({ type }) => type !== 'definition');
  if (parts.length !== nodes.length) return undefined;
  const blocks: Block[] = [];
  for (const [index, { type, position }] of parts.entries()) {
    const node = nodes[index] as Node;
    const [firstLine, endLine] = [(position?.start.line ?? 1) - 1, position?.end.line ?? 0];
    if (!isAlike(type, node)) return undefined;
    blocks.push({
      json: JSON.stringify(node),
      lines: lines.slice(firstLine, endLine).join(''),
      firstLine,
      endLine,
    });
  }
  return blocks;
}

function isEmpty(node: Node): boolean {
  const isShown = ({ type, text = '', content = [] }: Node): boolean =>
    (text !== '' && /\S/.test(text)) ||
    !['paragraph', 'codeBlock', 'text', 'hardBreak'].includes(type) ||
    content.some(isShown);
  const isSource = node.type === 'codeBlock' && String(node.attrs?.language).startsWith('=');
  return (node.type === 'paragraph' || isSource) && !(node.content ?? []).some(isShown);
}

function isAlike(type: string, node: Node): boolean {
  if (type === 'list') return node.type.endsWith('List');
  if (['html', 'code', 'table', 'footnoteDefinition'].includes(type))
    return node.type === 'codeBlock' || node.type === type;
  const names: Record<string, string> = { thematicBreak: 'horizontalRule' };
  return node.type === (names[type] ?? type);
}

/** The longest sequence that both have: from places in the one to places in the other. */
function commonIn(olds: readonly string[], news: readonly string[]): Map<number, number> {
  const lengths = Array.from({ length: olds.length + 1 }, () => new Uint16Array(news.length + 1));
  const lengthAt = (at: number, index: number) => lengths[at]?.[index] ?? 0;
  for (let at = olds.length - 1; at >= 0; at -= 1)
    for (let index = news.length - 1; index >= 0; index -= 1)
      (lengths[at] as Uint16Array)[index] =
        olds[at] === news[index]
          ? lengthAt(at + 1, index + 1) + 1
          : Math.max(lengthAt(at + 1, index), lengthAt(at, index + 1));
  const pairs = new Map<number, number>();
  for (let at = 0, index = 0; at < olds.length && index < news.length; ) {
    if (olds[at] === news[index]) pairs.set(at++, index++);
    else if (lengthAt(at + 1, index) >= lengthAt(at, index + 1)) at += 1;
    else index += 1;
  }
  return pairs;
}

/** Whether the text would read the same with the old lines: a `[^1]` needs a backslash as soon as there is such a footnote. */
function couldStay(old: Block, now: Block, markdown: string): boolean {
  const body = markdown.replace(frontmatter, '');
  const lines = body.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const other = [...lines.slice(0, now.firstLine), old.lines, ...lines.slice(now.endLine)].join('');
  return treeOf(body) === treeOf(other);
}

function treeOf(markdown: string): string {
  return JSON.stringify(parser.parse(markdown), (name, value: unknown) => {
    if (name === 'position' || name === 'spread') return undefined;
    return typeof value === 'string' ? value.replace(/\s+/g, ' ') : value;
  });
}
