/**
 * A document as its reader has it, line by line, worked out without the library's own idea of equality (tidy.ts).
 *
 * Left out is only what nobody sees in Markdown: how many spaces stand in a row or at an edge, empty paragraphs, marks on
 * space, and link marks on text that is its own address. Everything else has to come back from a save.
 */

import type { NodeJson } from '../../markdown/index.ts';

export function readingOf(doc: NodeJson): string[] {
  return (doc.content ?? []).flatMap((node) => lines(node, ''));
}

const textblocks = ['paragraph', 'heading', 'codeBlock'];

/** @param isInCell where there is one line only, as in a heading, and so the tag of a line break is one */
function lines(node: NodeJson, indent: string, isInCell = false): string[] {
  const isLine = isInCell || node.type === 'heading' || node.type === 'table';
  const name = indent + [node.type, ...attributesOf(node)].join(' ');
  if (node.type === 'codeBlock') return [`${name}: ${JSON.stringify(code(node))}`];
  if (textblocks.includes(node.type)) {
    const text = inline((node.content ?? []).map((child) => (isLine ? withoutBreakTag(child) : child)));
    return node.type === 'paragraph' && text === '' ? [] : [`${name}: ${text}`];
  }
  return [name, ...(node.content ?? []).flatMap((child) => lines(child, `${indent}  `, isLine))];
}

function withoutBreakTag(node: NodeJson): NodeJson {
  const isBreak = node.type === 'htmlInline' && /^<br[ \t]*\/?>$/i.test(String(node.attrs?.html));
  return isBreak ? { type: 'hardBreak' } : node;
}

/** Source that is HTML ends where its last line does. */
function code({ attrs, content = [] }: NodeJson): string {
  const text = content.map((child) => child.text).join('');
  return String(attrs?.language).startsWith('=') ? text.trimEnd() : text;
}

/** By node, those that an author chooses. */
function attributesOf({ type, attrs = {} }: NodeJson): string[] {
  const names: Record<string, string[]> = {
    codeBlock: ['language'],
    footnoteDefinition: ['label'],
    footnoteReference: ['label'],
    civicRef: ['refType', 'id', 'label'],
    htmlInline: ['html'],
    image: ['src', 'alt', 'title'],
    tableCell: ['align'],
    tableHeader: ['align'],
  };
  const own = (names[type] ?? []).map((name) => `${name}=${attrs[name] ?? ''}`);
  if (type === 'taskItem') return [attrs.checked === true ? 'done' : 'open'];
  if (type === 'heading') return [`level=${attrs.level ?? 1}`];
  return type === 'orderedList' ? [`start=${attrs.start ?? 1}`] : own;
}

/** Each visible character with its marks; runs of the same marks in braces. */
function inline(content: readonly NodeJson[]): string {
  let result = '';
  let open = '';
  for (const node of content.flatMap(withoutOwnAddress)) {
    const isBreak = node.type === 'hardBreak';
    const pieces = node.text?.match(/[ \t\r\n]+|\s|\S+/g) ?? [
      isBreak ? '⏎' : `⟨${[node.type, ...attributesOf(node)].join(' ')}⟩`,
    ];
    for (const piece of pieces) {
      const isSpace = /^\s/.test(piece);
      if (isSpace) {
        result += /^[ \t\r\n]/.test(piece) ? ' ' : piece;
        continue;
      }
      const marks = node.text === undefined ? open : marksOf(node);
      if (marks !== open) result += `{${marks}}`;
      open = marks;
      result += piece;
    }
  }
  return result
    .replace(/ +/g, ' ')
    .replace(/ ?⏎ ?/g, '⏎')
    .replace(/^ |(?: |⏎)+$/g, '');
}

/** An address beside a link to it is part of that link, whether it bears the mark or not. */
function withoutOwnAddress(node: NodeJson): NodeJson[] {
  const { text = '', marks = [] } = node;
  const link = marks.find(({ type }) => type === 'link');
  const address = String(link?.attrs?.href ?? '').replace(/^mailto:/, '');
  const isWhole = text === address || text === link?.attrs?.href;
  if (address === '' || isWhole || !(text.startsWith(address) || text.endsWith(address))) return [node];
  const bare = { ...node, text: address, marks: marks.filter((mark) => mark !== link) };
  return text.startsWith(address)
    ? [bare, { ...node, text: text.slice(address.length) }]
    : [{ ...node, text: text.slice(0, -address.length) }, bare];
}

function marksOf({ text, marks = [] }: NodeJson): string {
  const names = marks.map(({ type, attrs = {} }) =>
    type === 'link'
      ? isAddress(text ?? '', String(attrs.href))
        ? ''
        : `link ${attrs.href} ${attrs.title ?? ''}`
      : type,
  );
  return names.filter(Boolean).sort().join(',');
}

function isAddress(text: string, href: string): boolean {
  return href.replace(/^(?:https?:\/\/|mailto:)/, '') === text.replace(/^(?:https?:\/\/|mailto:)/, '');
}
