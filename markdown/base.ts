/**
 * What a document grew from, and how that was read. Apart from the parser, so that whoever only compares bases does
 * not load it.
 */
import { type DialectName, featuresIn } from './dialects.ts';
import type { Feature, MarkdownOptions } from './features.ts';
import type { RememberedLines } from './remembered.ts';

/**
 * Grows whenever the same text opens as another document than before: what was opened by another version is saved
 * as its base says, and then opened anew.
 */
export const converterVersion = 8;

/** What a document grew from, and how that was read; plain JSON, stored beside the document, never inside it. */
export interface Base {
  /** The {@link converterVersion} that opened it. */
  readonly version: number;
  readonly markdown: string;
  /** What the document's nodes are called. */
  readonly dialect: DialectName;
  /** What stands in the document as nodes, in the order of `allFeatures`. */
  readonly features: readonly Feature[];
  /** Whether the document is one opaque block with the whole text, which was too intricate to be taken apart. */
  readonly isOpaque: boolean;
  /** What lines of the text were before they were rewritten, for an undo; missing where there is nothing to say. */
  readonly remembered?: readonly RememberedLines[];
}

/** The text of one base, with all that belongs to it, read as another one says. */
export function withTextOf(
  { remembered: _own, ...readAs }: Omit<Base, 'markdown'>,
  { markdown, remembered }: Base,
): Base {
  return { ...readAs, markdown, ...(remembered && { remembered }) };
}

/** Whether opening the base's text today, with these options, gives the document that it gave then. */
export function isReadAlike(base: Omit<Base, 'markdown'>, options: MarkdownOptions): boolean {
  const { dialect = 'tiptap' } = options;
  if (base.version !== converterVersion || base.dialect !== dialect) return false;
  return base.features.join() === featuresIn(options).join();
}
