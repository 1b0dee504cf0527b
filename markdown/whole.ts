/**
 * A text that is too intricate to be taken apart: one opaque block holds all of it, but for its frontmatter and the
 * blank lines at its ends, and is written as it stands there. What an editor adds around that block is printed beside
 * it.
 */

import { assembled, gapBefore, headOf, type Source } from './apart.ts';
import { Definitions } from './definitions.ts';
import { dominantLineEnding, normalLine, rawLines, withEndings } from './endings.ts';
import { type NodeJson, plainText } from './json.ts';
import { isOpaqueBlock, opaqueMarkdown } from './nodes/opaque.ts';
import { print } from './serialize.ts';
import { plainStyle } from './style.ts';
import { isNothing } from './tidy.ts';
import { linesIn } from './tokens.ts';

export function takeWhole(markdown: string): Source {
  const head = headOf(markdown);
  const raw = rawLines(markdown.slice(head.length));
  const lines = raw.map(normalLine);
  const isText = (line: string) => /\S/.test(line);
  const [firstLine, endLine] = [lines.findIndex(isText), lines.findLastIndex(isText) + 1];
  const [node] = firstLine < 0 ? [] : opaqueMarkdown(lines.slice(firstLine, endLine).join('').slice(0, -1));
  const blocks = node ? [{ node, firstLine, endLine, style: [], children: [] }] : [];
  return {
    head,
    rawLines: raw,
    lines,
    blocks,
    definitions: new Definitions([]),
    parsed: {
      blocks,
      definitions: [],
      hidden: [],
      behindMarkers: [],
      sliceStarts: [0],
      slices: new Map(),
      isTooIntricate: true,
    },
    lineEnding: dominantLineEnding(markdown),
    style: () => plainStyle,
  };
}

/** The document as Markdown; `undefined` while nothing differs from the source. */
export function writeWhole(json: NodeJson, source: Source): string | undefined {
  const pieces = (json.content ?? []).filter((node) => !isNothing(node)).map(textOf);
  const text = gapBefore(source, 0) + pieces.join('\n') + gapBefore(source, source.blocks.length);
  if (text === source.lines.join('')) return undefined;
  return assembled([withEndings(linesIn(text), source.rawLines, source.lineEnding)], source);
}

function textOf(node: NodeJson): string {
  return isOpaqueBlock(node) ? `${plainText(node)}\n` : print({ type: 'doc', content: [node] });
}
