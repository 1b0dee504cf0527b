/** Random edits of the kinds that people make, on ProseMirror JSON. Each changes the document in place. */

import type { NodeJson } from '../../../markdown/index.ts';
import { block, textNode } from '../../../markdown/json.ts';
import { code, h, hr, li, ol, p, quote, row, table, td, th, ul } from './build.ts';
import type { Random } from './random.ts';

type Edit = (doc: NodeJson, random: Random) => void;

const words = [
  'noise',
  'bylaw',
  'R&D',
  '5 * 4',
  '[City]',
  '1.',
  '#',
  'été',
  'a_b',
  '<b>',
  '`x`',
  '- y',
  '| z',
];

/** Does one random edit and tells its name. */
export function editAtRandom(doc: NodeJson, random: Random): string {
  const names = Object.keys(edits);
  const name = names[random(names.length)] as string;
  edits[name]?.(doc, random);
  if (!doc.content?.length) doc.content = [p()];
  return name;
}

const edits: Record<string, Edit> = {
  changeWord: (doc, random) => {
    const text = pick(
      nodesOf(doc, (node) => node.text !== undefined),
      random,
    );
    if (text) text.text = (text.text ?? '').replace(/[\p{L}\p{N}]+/u, some(words, random));
  },
  insertWord: (doc, random) => {
    const text = pick(
      nodesOf(doc, (node) => node.text !== undefined),
      random,
    );
    if (text) text.text = `${text.text} ${some(words, random)} `;
  },
  deleteText: (doc, random) => {
    const parent = pick(
      nodesOf(doc, (node) => node.content?.[0]?.text !== undefined),
      random,
    );
    parent?.content?.splice(random(parent.content.length), 1);
  },
  toggleBold: (doc, random) => {
    const parent = pick(
      nodesOf(doc, (node) => isProse(node)),
      random,
    );
    const text =
      parent &&
      pick(
        (parent.content ?? []).filter((node) => node.text !== undefined),
        random,
      );
    if (text && !text.marks?.some((mark) => mark.type === 'code')) {
      const others = text.marks?.filter((mark) => mark.type !== 'bold') ?? [];
      Object.assign(
        text,
        textNode(
          text.text ?? '',
          others.length === (text.marks?.length ?? 0) ? [...others, { type: 'bold' }] : others,
        ),
      );
    }
  },
  deleteBlock: (doc, random) => {
    doc.content?.splice(random(doc.content.length), 1);
  },
  insertBlock: (doc, random) => {
    doc.content?.splice(random(doc.content.length + 1), 0, newBlock(random));
  },
  moveBlock: (doc, random) => {
    const [moved] = doc.content?.splice(random(doc.content.length), 1) ?? [];
    if (moved) doc.content?.splice(random((doc.content?.length ?? 0) + 1), 0, moved);
  },
  split: (doc, random) => {
    const parent = pick(
      nodesOf(doc, (node) => node.content?.some(isProse) ?? false),
      random,
    );
    const index = parent?.content?.findIndex(isProse) ?? -1;
    const whole = parent?.content?.[index];
    const first = whole?.content?.[0];
    const cut = first?.text?.indexOf(' ') ?? -1;
    if (!parent?.content || !whole?.content || !first?.text || cut < 1 || parent.type.startsWith('table'))
      return;
    const rest = { ...first, text: first.text.slice(cut + 1) || 'rest' };
    parent.content.splice(
      index,
      1,
      { ...whole, content: [{ ...first, text: first.text.slice(0, cut) }] },
      { ...whole, content: [rest, ...whole.content.slice(1)] },
    );
  },
  join: (doc, random) => {
    const at = random(doc.content?.length ?? 1);
    const [one, two] = doc.content?.slice(at, at + 2) ?? [];
    if (!one || !two || !isProse(one) || !isProse(two)) return;
    doc.content?.splice(at, 2, { ...one, content: [...(one.content ?? []), ...(two.content ?? [])] });
  },
  turnInto: (doc, random) => {
    const at = random(doc.content?.length ?? 1);
    const node = doc.content?.[at];
    if (!node || !isProse(node)) return;
    const paragraph = block('paragraph', node.content);
    const others = [
      { ...paragraph, type: 'heading', attrs: { level: 1 + random(4) } },
      ul(li(paragraph)),
      ol(1, li(paragraph)),
      quote(paragraph),
      paragraph,
    ];
    doc.content?.splice(at, 1, some(others, random));
  },
  insertItem: (doc, random) => {
    const list = pick(nodesOf(doc, isList), random);
    const type = list?.type === 'taskList' ? 'taskItem' : 'listItem';
    const attrs = type === 'taskItem' ? { checked: random(2) === 0 } : undefined;
    list?.content?.splice(random(list.content.length + 1), 0, block(type, [p(some(words, random))], attrs));
  },
  deleteItem: (doc, random) => {
    const list = pick(
      nodesOf(doc, (node) => isList(node) && (node.content?.length ?? 0) > 1),
      random,
    );
    list?.content?.splice(random(list.content.length), 1);
  },
  moveItem: (doc, random) => {
    const list = pick(nodesOf(doc, isList), random);
    const [moved] = list?.content?.splice(random(list.content.length), 1) ?? [];
    if (moved) list?.content?.splice(random((list.content?.length ?? 0) + 1), 0, moved);
  },
  indentItem: (doc, random) => {
    const list = pick(
      nodesOf(doc, (node) => isList(node) && (node.content?.length ?? 0) > 1),
      random,
    );
    if (!list?.content) return;
    const at = 1 + random(list.content.length - 1);
    const [item] = list.content.splice(at, 1);
    const parent = list.content[at - 1];
    if (item && parent) parent.content = [...(parent.content ?? []), { ...list, content: [item] }];
  },
  check: (doc, random) => {
    const task = pick(
      nodesOf(doc, (node) => node.type === 'taskItem'),
      random,
    );
    if (task) task.attrs = { checked: task.attrs?.checked !== true };
  },
  insertRow: (doc, random) => {
    const found = pick(
      nodesOf(doc, (node) => node.type === 'table'),
      random,
    );
    const columns = found?.content?.[0]?.content?.length ?? 0;
    const cells = Array.from({ length: columns }, (_, column) => ({
      ...td(some(words, random)),
      attrs: found?.content?.[0]?.content?.[column]?.attrs ?? {},
    }));
    found?.content?.splice(1 + random(found.content.length), 0, row(...cells));
  },
  deleteRow: (doc, random) => {
    const found = pick(
      nodesOf(doc, (node) => node.type === 'table'),
      random,
    );
    if (found?.content && found.content.length > 2)
      found.content.splice(1 + random(found.content.length - 1), 1);
  },
  insertColumn: (doc, random) => {
    const found = pick(
      nodesOf(doc, (node) => node.type === 'table'),
      random,
    );
    const at = random((found?.content?.[0]?.content?.length ?? 0) + 1);
    for (const [index, each] of (found?.content ?? []).entries())
      each.content?.splice(at, 0, index === 0 ? th('new') : td('cell'));
  },
  deleteColumn: (doc, random) => {
    const found = pick(
      nodesOf(doc, (node) => node.type === 'table'),
      random,
    );
    const columns = found?.content?.[0]?.content?.length ?? 0;
    const at = random(columns);
    if (columns > 1) for (const each of found?.content ?? []) each.content?.splice(at, 1);
  },
  editCode: (doc, random) => {
    const found = pick(
      nodesOf(doc, (node) => node.type === 'codeBlock'),
      random,
    );
    if (!found || String(found.attrs?.language ?? '').startsWith('=')) return;
    const text = found.content?.[0]?.text ?? '';
    found.content = [
      textNode(some([`${text}\n`, `\n${text}`, `${text}\n\`\`\`\nx`, `${text}x`, `    ${text}`], random)),
    ];
  },
};

function newBlock(random: Random): NodeJson {
  const text = () => p(`${some(words, random)} ${some(words, random)}`);
  return some(
    [
      text(),
      h(1 + random(3), some(words, random)),
      ul(li(text()), li(text())),
      ol(1 + random(3), li(text())),
      quote(text()),
      code('let x;'),
      hr,
      table(row(th('a'), th('b')), row(td('c'), td(some(words, random)))),
    ],
    random,
  );
}

/** Not inside opaque blocks: half a tag is no HTML, and what becomes of it has tests of its own. */
function nodesOf(node: NodeJson, matches: (node: NodeJson) => boolean): NodeJson[] {
  if (String(node.attrs?.language ?? '').startsWith('=')) return [];
  return [
    ...(matches(node) ? [node] : []),
    ...(node.content ?? []).flatMap((child) => nodesOf(child, matches)),
  ];
}

function isProse(node: NodeJson): boolean {
  return node.type === 'paragraph' || node.type === 'heading';
}

function isList(node: NodeJson): boolean {
  return ['bulletList', 'orderedList', 'taskList'].includes(node.type);
}

function pick<T>(from: readonly T[], random: Random): T | undefined {
  return from[random(Math.max(1, from.length))];
}

function some<T>(from: readonly T[], random: Random): T {
  return from[random(from.length)] as T;
}
