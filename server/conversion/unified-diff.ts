/**
 * Two texts as a unified diff, the format of `diff -u`, Git and every tool that reviews changes.
 */
import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from 'diff';

export interface NamedText {
  readonly name: string;
  readonly markdown: string;
}

/** All that is to be converted waits meanwhile; and no diff of texts that differ this much is one to read. */
const longestSearchMs = 1_000;

/** Empty when the texts are the same. When the shortest diff is too far to seek, one that replaces everything. */
export function unifiedDiff(from: NamedText, to: NamedText): string {
  if (from.markdown === to.markdown) return '';
  const patch = structuredPatch(from.name, to.name, from.markdown, to.markdown, '', '', {
    timeout: longestSearchMs,
  });
  return formatPatch(patch ?? everythingReplaced(from, to), FILE_HEADERS_ONLY);
}

function everythingReplaced(from: NamedText, to: NamedText): StructuredPatch {
  const hunk = {
    oldStart: 1,
    oldLines: linesOf(from.markdown).length,
    newStart: 1,
    newLines: linesOf(to.markdown).length,
    lines: [...marked('-', from.markdown), ...marked('+', to.markdown)],
  };
  return { oldFileName: from.name, newFileName: to.name, oldHeader: '', newHeader: '', hunks: [hunk] };
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(mark: '-' | '+', text: string): string[] {
  return linesOf(text).flatMap((line) =>
    line.endsWith('\n') ? `${mark}${line.slice(0, -1)}` : [`${mark}${line}`, '\\ No newline at end of file'],
  );
}
