/**
 * References to other CivicPress records: `<!--civic-ref type="record" id="…" label="…"-->`.
 *
 * The node `civicRef`, which an editor with the feature `civicRef` must have: inline, atom, group `inline`,
 * attributes `refType` (`record`, `geography` or `attachment`), `id` and `label` (strings, default '').
 * That it belongs to its paragraph, also at the start of a line, is remark.ts's doing.
 */

import type { Construct } from '../construct.ts';
import { type NodeJson, stringAttr } from '../json.ts';
import { inlineSource } from './html.ts';

const comment = /^<!--civic-ref type="([^"\n]*)" id="([^"\n]*)" label="([^"\n]*)"\s*-->$/;

export const civicRef: Construct = {
  printInline: {
    civicRef: (node) => {
      const [refType, id, label] = ['refType', 'id', 'label'].map((name) => encode(stringAttr(node, name)));
      return [inlineSource(`<!--civic-ref type="${refType}" id="${id}" label="${label}"-->`)];
    },
  },
};

/** `undefined` for any other comment, also for a reference in another spelling, which could not be printed back. */
export function parseCivicRef(source: string): NodeJson | undefined {
  const [, refType, id, label] = comment.exec(source) ?? [];
  if (refType === undefined || id === undefined || label === undefined) return undefined;
  return { type: 'civicRef', attrs: { refType: decode(refType), id: decode(id), label: decode(label) } };
}

/** `--` would end the comment, `"` the attribute. */
function encode(value: string): string {
  return value
    .replaceAll('"', '&quot;')
    .replaceAll('--', '&#45;&#45;')
    .replace(/\s*[\r\n]\s*/g, ' ');
}

function decode(value: string): string {
  return value.replaceAll('&#45;', '-').replaceAll('&quot;', '"');
}
