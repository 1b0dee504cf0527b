/**
 * Markdown ↔ ProseMirror JSON ↔ Y.Doc, as pure functions.
 *
 * @example
 * const document = open('# Noise *bylaw*\n', { features: ['table'] });
 * save(document); // '# Noise *bylaw*\n', byte for byte
 * save({ json: editor.getJSON(), base: document.base }); // the same, but for what was edited
 */

export { type Base, converterVersion, isReadAlike, withTextOf } from './base.ts';
export {
  type DialectName,
  dialectNames,
  featuresHeldBy,
  schemaOf,
  usualFeaturesOf,
} from './dialects.ts';
export { allFeatures, type Feature, type MarkdownOptions } from './features.ts';
export type { MarkJson, NodeJson } from './json.ts';
export { schema } from './schema.ts';
export { seedInParts, seedUpdate } from './seed.ts';
export { isSeedClientId } from './seed-client.ts';
export {
  isAlike,
  open,
  print,
  type RecordDocument,
  rebase,
  save,
  withText,
} from './source.ts';
export { plainStyle, type Style, sniffStyle } from './style.ts';
export { MarkdownError } from './text.ts';
export { jsonOf, replaceContent } from './ydoc.ts';
