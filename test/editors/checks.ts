/** What has to hold of a document that was saved, whatever was done to it. */

import type { Doc, XmlElement } from 'yjs';
import { type Source, takeApart } from '../../markdown/apart.ts';
import { type Base, jsonOf, type NodeJson, type RecordDocument, rebase, save } from '../../markdown/index.ts';
import { spelled } from '../../markdown/spelling.ts';
import { isNothing, keyOf } from '../../markdown/tidy.ts';
import { documentOf } from './mount.ts';
import { readingOf } from './reading.ts';
import { endlessHtml, sayable, withBareDelimiters, withProtectedTildes } from './sayable.ts';
import { type Compared, changedThoughUntouched } from './untouched.ts';

export interface Saved {
  readonly base: Base;
  /** The document that was saved. */
  readonly live: NodeJson;
  /** Each block of the document, by the id that Yjs gave it, with its bytes. */
  readonly blocks: ReadonlyMap<string, Bytes>;
}

interface Bytes {
  readonly node: NodeJson;
  readonly json: string;
  readonly markdown: string;
  /** The text with other lines in the place of these. */
  readonly textWith: (lines: string) => string;
  readonly lines: string;
}

export function opened(doc: Doc, base: Base): Saved {
  return { base, live: jsonOf(doc), blocks: blocksOf(doc, base) };
}

export interface Report {
  readonly saved: Saved;
  /** What was saved, and against what. */
  readonly document: RecordDocument;
  /** A sentence for each thing that does not hold. */
  readonly faults: string[];
  /** What Markdown has no way to say. */
  readonly approximations: ReadonlySet<string>;
}

export function saveAndCheck(doc: Doc, before: Saved, compared: Compared = { blocks: 0 }): Report {
  const live = jsonOf(doc);
  const json = spelled(live, before.base.dialect);
  const base = rebase({ json, base: before.base });
  const saved = opened(doc, base);
  const again = documentOf(base.markdown, base);
  const { doc: said, approximations: found } = sayable(live, base);
  const expected = withProtectedTildes(withBareDelimiters(said, again), again, base);
  const approximations = new Set(found);
  if (keyOf(expected) !== keyOf(said)) approximations.add('a delimiter without its mark');
  if (countSpelledOut(base) > countSpelledOut(before.base)) approximations.add('text spelled out in numbers');
  const isIncomparable = approximations.has(endlessHtml);
  const faults = [
    isIncomparable || keyOf(again) === keyOf(expected) ? '' : 'does not read as the live document',
    ...(isIncomparable ? [] : difference(readingOf(expected), readingOf(sayable(again, base).doc))),
    ...lostBytes(before, saved),
    ...changedThoughUntouched(versionOf(before), versionOf(saved), compared),
    save({ json, base }) === base.markdown ? '' : 'a second save differs',
    fresh(json, before.base) === base.markdown ? '' : 'another process writes other bytes',
  ];
  return {
    saved,
    document: { json, base: before.base },
    faults: faults.filter(Boolean),
    approximations,
  };
}

function versionOf({ base, live }: Saved) {
  return { markdown: base.markdown, json: live };
}

/** Only text that no escape keeps is written with decimal character references, and the attributes of references. */
function countSpelledOut({ markdown }: Base): number {
  return markdown.match(/&#(?!45;)\d+;/g)?.length ?? 0;
}

function difference(live: readonly string[], saved: readonly string[]): string[] {
  const at = live.findIndex((line, index) => line !== saved[index]);
  if (at < 0 && live.length === saved.length) return [];
  const index = at < 0 ? live.length : at;
  return [`reads ${JSON.stringify(saved[index])} for ${JSON.stringify(live[index])}`];
}

/** With nothing remembered from before. */
function fresh(json: NodeJson, base: Base): string {
  return save(structuredClone({ json, base }));
}

function blocksOf(doc: Doc, base: Base): Map<string, Bytes> {
  const blocks = new Map<string, Bytes>();
  const source = takeApart(base.markdown, base);
  const elements = doc.getXmlFragment('default').toArray() as XmlElement[];
  const visible = jsonOf(doc)
    .content?.map((node, index) => ({ node, element: elements[index] }))
    .filter(({ node }) => !isNothing(node));
  if (visible?.length !== source.blocks.length) return blocks;
  // A reference is one only as long as its footnote is there.
  const labels = [...base.markdown.matchAll(/\[\^[^\]\s]+\](?=:)/g)].map(([label]) => label.slice(2, -1));
  const jsonWithFootnotes = (node: NodeJson) => {
    const json = JSON.stringify(node);
    return [json, ...new Set(labels.filter((label) => json.includes(label)))].join();
  };
  for (const [index, { node, element }] of visible.entries()) {
    const id = element?._item?.id;
    const lines = rawTextOf(source, index);
    const textWith = (others: string) => withLines(source, index, others);
    const bytes = { node, json: jsonWithFootnotes(node), markdown: lines.trim(), lines, textWith };
    if (id) blocks.set(`${id.client}:${id.clock}`, bytes);
  }
  return blocks;
}

function rawTextOf({ blocks, rawLines }: Source, index: number): string {
  return rawLines.slice(blocks[index]?.firstLine, blocks[index]?.endLine).join('');
}

function withLines({ head, blocks, rawLines }: Source, index: number, lines: string): string {
  const [before, after] = [
    rawLines.slice(0, blocks[index]?.firstLine),
    rawLines.slice(blocks[index]?.endLine),
  ];
  return [head, ...before, lines, ...after].join('');
}

/**
 * Blocks that nobody touched and whose bytes are others. How a list or indented code is written depends on what
 * stands beside it, so for those the neighbours have to be the same too.
 */
function lostBytes(before: Saved, after: Saved): string[] {
  const [olds, nows] = [[...before.blocks.keys()], [...after.blocks.keys()]];
  return [...after.blocks].flatMap(([id, now], index) => {
    const old = before.blocks.get(id);
    if (!old || old.json !== now.json || old.markdown === now.markdown) return [];
    // Of several that are the same, any may keep its bytes.
    const alike = [before, after].map(({ blocks }) =>
      [...blocks.values()].filter(({ node }) => keyOf(node) === keyOf(now.node)),
    );
    if (alike.some(({ length }) => length > 1)) return [];
    const at = olds.indexOf(id);
    const isTheSame = (was: string | undefined, is: string | undefined) =>
      was === is && before.blocks.get(was ?? '')?.json === after.blocks.get(is ?? '')?.json;
    const isBesideTheSame =
      isTheSame(olds[at - 1], nows[index - 1]) && isTheSame(olds[at + 1], nows[index + 1]);
    if (/^\{"type":"(?:\w+List|codeBlock)"/.test(old.json) && !isBesideTheSame) return [];
    // What stands before it may be another block by now: `10.` behind a paragraph is text, and behind code a list.
    const [read, kept] = [after.base.markdown, now.textWith(old.lines)].map((text) =>
      keyOf(documentOf(text, after.base)),
    );
    if (read !== kept) return [];
    return [`nobody touched ${JSON.stringify(old.markdown)}, and it became ${JSON.stringify(now.markdown)}`];
  });
}
