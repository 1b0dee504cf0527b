/**
 * The thread behind `converter.ts`: it alone parses and prints Markdown while the server runs.
 */
import { workerData } from 'node:worker_threads';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { ancestorOf } from '../../markdown/ancestor.ts';
import {
  type Base,
  isAlike,
  jsonOf,
  type MarkdownOptions,
  type NodeJson,
  open,
  rebase,
  replaceContent,
  save,
  seedInParts,
  seedUpdate,
  withText,
  withTextOf,
} from '../../markdown/index.ts';
import { graft, mergeMarkdown } from '../../markdown/merge.ts';
import type { Snapshot } from '../ports.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshot-format.ts';
import { answerCalls } from '../worker-calls.ts';
import { type CopyId, DocumentCopies } from './document-copies.ts';
import { type Conversion, converted } from './formats.ts';
import { type NamedText, unifiedDiff } from './unified-diff.ts';

export interface Seed {
  readonly state: Uint8Array;
  /** The same in parts, to be applied in this order: each a few milliseconds' work. */
  readonly parts: readonly Uint8Array[];
  readonly base: Base;
}

export interface Reopened {
  /** What the document begins with now; `null` when it goes on as it is. */
  readonly state: Uint8Array | null;
  /** The same text of the record, read as it is read now. */
  readonly base: Base;
}

export interface Absorbed {
  /** What the document is to be given; `null` when nothing comes in. */
  readonly update: Uint8Array | null;
  /** What the document says then, byte for byte. */
  readonly markdown: string;
  /** The lines, as they are now, in which both sides wrote at one place. */
  readonly conflicts: readonly string[];
  /** The other side's text, read as the document is. */
  readonly base: Base;
}

export interface Change {
  /** What the document is to be given; `null` when it says all of it already. */
  readonly update: Uint8Array | null;
  /** The version's text, read as the document is. */
  readonly base: Base;
}

export interface Rewritten extends Change {
  /** Of the document's state then. */
  readonly byteSize: number;
}

/** What a document is to say, or what is to stand behind what it says. */
export interface NewText {
  readonly markdown: string;
  readonly isAppended: boolean;
}

/** Both texts beside the document's, of three that are merged. */
export interface OutsideTexts {
  /** What the other two may have grown from: what the record was seen to hold lately, newest first. */
  readonly ancestors: readonly [string, ...string[]];
  readonly outside: string;
}

/** What can be compared: the bytes of a snapshot, or an open document. */
export type Version = { readonly name: string } & (
  | { readonly bytes: Uint8Array }
  | { readonly copy: CopyId; readonly base: Base }
);

/** What a snapshot says beside the document's state. */
export type SnapshotDetails = Omit<Snapshot, 'state' | 'stateVector'>;

const markdownOptions = workerData as MarkdownOptions;

/** A base that comes back is the same object again, with which the library remembers how it was taken apart. */
const knownBases = new Map<string, Base>();
const maxKnownBases = 32;

const copies = new DocumentCopies();

/** `isOpaque`: as one opaque block, since it took too long to be taken apart. */
const methods = {
  seed(markdown: string, recordId: string, isOpaque: boolean): Seed {
    const { json, base } = open(markdown, { ...markdownOptions, isOpaque });
    const { update: state, parts } = seedInParts(json, recordId, base.dialect);
    return { state, parts, base: known(base) };
  },
  reopen(state: Uint8Array, readAs: Base, recordId: string, isOpaque: boolean): Reopened {
    // Bases of the first version do not say how they were read: as it is configured, as far as anybody knows.
    const base: Base = { ...open('', markdownOptions).base, ...readAs };
    const stored = { json: jsonOf(documentOf(state), base.dialect), base };
    const opened = open(save(stored), { ...markdownOptions, isOpaque });
    const readNow = known(withTextOf(opened.base, base));
    if (isAlike(stored, opened)) return { state: null, base: readNow };
    return { state: seedUpdate(opened.json, recordId, readNow.dialect), base: readNow };
  },
  /** Brings a copy up to date, or makes a new one; `null` when this copy is gone. */
  follow(copy: CopyId | null, updates: readonly Uint8Array[]): CopyId | null {
    return copies.follow(copy, updates);
  },
  forget(copy: CopyId): void {
    copies.forget(copy);
  },
  save(copy: CopyId, base: Base): Base {
    return known(rebase({ json: jsonOf(copies.of(copy), base.dialect), base: known(base) }));
  },
  absorb(copy: CopyId, base: Base, { ancestors, outside }: OutsideTexts, isOpaque: boolean): Absorbed {
    const { dialect } = base;
    // What comes in is the open document's to take: the copy hears of it from there.
    const document = documentOf(encodeStateAsUpdate(copies.of(copy)));
    const json = jsonOf(document, dialect);
    const live = save({ json, base: known(base) });
    const { markdown, conflicts } = mergeMarkdown(ancestorOf(outside, ancestors), live, outside);
    if (markdown === live) {
      return { update: null, markdown, conflicts, base: known(withText(base, outside)) };
    }
    const opened = open(markdown, { ...base, isOpaque: isOpaque || base.isOpaque });
    const before = encodeStateVector(document);
    replaceContent(document, graft(json, opened.json, dialect), { dialect });
    const update = encodeStateAsUpdate(document, before);
    return { update, markdown, conflicts, base: known(withTextOf(opened.base, withText(base, outside))) };
  },
  snapshot(copy: CopyId, about: SnapshotDetails): Uint8Array {
    const document = copies.of(copy);
    const state = encodeStateAsUpdate(document);
    return encodeSnapshot({ ...about, state, stateVector: encodeStateVector(document) });
  },
  versionState(bytes: Uint8Array): Uint8Array {
    return decodeSnapshot(bytes).state;
  },
  versionMarkdown(bytes: Uint8Array): string {
    return markdownOf(bytes);
  },
  compare(from: Version, to: Version): string {
    return unifiedDiff(textOf(from), textOf(to));
  },
  restore(copy: CopyId, readAs: Base, bytes: Uint8Array, isOpaque: boolean): Change {
    const { update, base } = rewritten(copy, readAs, () => markdownOf(bytes), isOpaque);
    return { update, base };
  },
  rewrite(copy: CopyId, readAs: Base, { markdown, isAppended }: NewText, isOpaque: boolean): Rewritten {
    const textFor = (json: NodeJson) => {
      if (!isAppended) return markdown;
      return appended(save({ json, base: known(readAs) }), markdown);
    };
    return rewritten(copy, readAs, textFor, isOpaque);
  },
  json(copy: CopyId, { dialect }: Base): NodeJson {
    return jsonOf(copies.of(copy), dialect);
  },
  convert(conversion: Conversion): string | NodeJson | Uint8Array {
    return converted(conversion);
  },
};

export type ConversionMethods = typeof methods;

answerCalls(methods, (result) => {
  if (result instanceof Uint8Array) return result;
  const { state, update } = (result ?? {}) as Partial<Seed | Reopened> & Partial<Absorbed>;
  return state ?? update ?? undefined;
});

/** @param textFor what the document is to say, of what it says now */
function rewritten(
  copy: CopyId,
  readAs: Base,
  textFor: (json: NodeJson) => string,
  isOpaque: boolean,
): Rewritten {
  const { dialect } = readAs;
  const document = documentOf(encodeStateAsUpdate(copies.of(copy)));
  const live = jsonOf(document, dialect);
  const { json, base } = open(textFor(live), { ...readAs, isOpaque });
  let update: Uint8Array | null = null;
  document.once('update', (made: Uint8Array) => {
    update = made;
  });
  // Blocks that say what is wanted stay, with everybody's cursors in them.
  replaceContent(document, graft(live, json, dialect), { dialect });
  return { update, base: known(base), byteSize: encodeStateAsUpdate(document).byteLength };
}

/** As blocks of their own, with the line endings that the text has. */
function appended(text: string, more: string): string {
  if (text === '') return more;
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const missing = text.endsWith(`${ending}${ending}`) ? 0 : text.endsWith(ending) ? 1 : 2;
  return `${text}${ending.repeat(missing)}${more}`;
}

/** The text that a version saves to, against its own base. */
function markdownOf(bytes: Uint8Array): string {
  const { state, base } = decodeSnapshot(bytes);
  // Bases of the first version do not say how they were read.
  const readAs: Base = { ...open('', markdownOptions).base, ...base };
  return save({ json: jsonOf(documentOf(state), readAs.dialect), base: known(readAs) });
}

function textOf(version: Version): NamedText {
  const { name } = version;
  if ('bytes' in version) return { name, markdown: markdownOf(version.bytes) };
  const { copy, base } = version;
  return { name, markdown: save({ json: jsonOf(copies.of(copy), base.dialect), base: known(base) }) };
}

function documentOf(state: Uint8Array): Doc {
  const document = new Doc();
  applyUpdate(document, state);
  return document;
}

function known(base: Base): Base {
  const { markdown, ...readAs } = base;
  const key = `${JSON.stringify(readAs)}${markdown}`;
  const same = knownBases.get(key) ?? base;
  knownBases.delete(key);
  knownBases.set(key, same);
  const [oldest] = knownBases.keys();
  if (knownBases.size > maxKnownBases && oldest !== undefined) knownBases.delete(oldest);
  return same;
}
