/**
 * Markdown, ProseMirror JSON and Yjs, each from each, and HTML from any: of a document that nobody has open.
 */
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { Node } from 'prosemirror-model';
import { applyUpdate, Doc } from 'yjs';
import {
  type DialectName,
  type Feature,
  jsonOf,
  type NodeJson,
  open,
  print,
  save,
  schemaOf,
  seedUpdate,
} from '../../markdown/index.ts';

export const sourceFormats = ['markdown', 'json', 'yjs'] as const;
export const targetFormats = [...sourceFormats, 'html'] as const;

export interface Conversion {
  readonly from: (typeof sourceFormats)[number];
  readonly to: (typeof targetFormats)[number];
  /** Markdown as text, JSON as the document node, Yjs as the bytes of an update. */
  readonly content: string | NodeJson | Uint8Array;
  readonly dialect: DialectName;
  readonly features: Feature[];
}

/** Thrown for what is no document of this dialect; the message says what is wrong with it. */
export class NoDocument extends Error {
  readonly code = 'no-document';
}

export function converted(conversion: Conversion): string | NodeJson | Uint8Array {
  const { to, dialect } = conversion;
  if (to === 'markdown') return markdownOf(conversion);
  if (to === 'html') return htmlOf(markdownOf(conversion));
  const json = documentOf(conversion);
  return to === 'json' ? json : seedUpdate(json, 'convert', dialect);
}

function markdownOf(conversion: Conversion): string {
  const { from, content, dialect, features } = conversion;
  if (from === 'markdown') return save(open(content as string, { dialect, features }));
  return print(documentOf(conversion), undefined, { dialect, features });
}

/** Raw HTML in it is shown as text, and links lead to the web or to mail only. */
export function htmlOf(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

function documentOf({ from, content, dialect, features }: Conversion): NodeJson {
  if (from === 'markdown') return open(content as string, { dialect, features }).json;
  const json = from === 'json' ? (content as NodeJson) : jsonIn(content as Uint8Array, dialect);
  try {
    const node = Node.fromJSON(schemaOf(dialect), json);
    node.check();
    return node.toJSON() as NodeJson;
  } catch (cause) {
    throw cause instanceof RangeError && /stack/.test(cause.message)
      ? cause
      : new NoDocument('no document of this dialect', { cause });
  }
}

function jsonIn(update: Uint8Array, dialect: DialectName): NodeJson {
  const document = new Doc();
  try {
    applyUpdate(document, update);
  } catch (cause) {
    throw new NoDocument('no Yjs update', { cause });
  }
  return jsonOf(document, dialect);
}
