/**
 * Markdown ↔ ProseMirror JSON ↔ Y.Doc, as pure functions.
 *
 * @example
 * const { json, base } = open('# Noise *bylaw*\n');
 * save(json, base); // '# Noise *bylaw*\n', byte for byte
 */

export { allFeatures, type Feature, type MarkdownOptions } from './features.ts';
export type { MarkJson, NodeJson } from './json.ts';
export { schema } from './schema.ts';
export { print } from './serialize.ts';
export { type Base, open, rebase, save } from './source.ts';
export { plainStyle, type Style, sniffStyle } from './style.ts';
export { isSeedClientId, jsonOf, replaceContent, seedUpdate } from './ydoc.ts';
