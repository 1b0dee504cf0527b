/**
 * What is no text is refused before anything is done with it: decoded anyhow, it would come back damaged.
 */

/** Thrown for what cannot be opened; the message is a sentence that a person can be shown. */
export class MarkdownError extends Error {
  override readonly name = 'MarkdownError';
  readonly code: 'not-utf8' | 'lone-surrogate';

  constructor(code: MarkdownError['code'], cause?: unknown) {
    super(sentences[code], { cause });
    this.code = code;
  }
}

const sentences = {
  'not-utf8': 'The text is not valid UTF-8; nothing was written.',
  'lone-surrogate': 'The text holds half a character (a lone surrogate); nothing was written.',
} as const;

/**
 * Bytes as the text that they are, byte order mark included.
 *
 * @throws MarkdownError for what would not come back as it was
 */
export function readText(markdown: string | Uint8Array): string {
  if (typeof markdown !== 'string') return decoded(markdown);
  if (!markdown.isWellFormed()) throw new MarkdownError('lone-surrogate');
  return markdown;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MarkdownError('not-utf8', cause);
  }
}
