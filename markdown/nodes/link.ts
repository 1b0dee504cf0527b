/**
 * Links, and the bare web addresses that GFM makes links of.
 * A link by reference is a plain link in the document; its definition lives on in the base.
 */

import type { BareAddress, Literal, PhrasingContent } from 'mdast';
import type { Construct } from '../construct.ts';
import { stringAttr } from '../json.ts';

declare module 'mdast' {
  /** No `html`: remark would make a space of a line break in front of it. */
  interface BareAddress extends Literal {
    type: 'bareAddress';
  }
  interface PhrasingContentMap {
    bareAddress: BareAddress;
  }
  interface RootContentMap {
    bareAddress: BareAddress;
  }
}

export const link: Construct = {
  parse: {
    link(node, context) {
      const mark = { type: 'link', attrs: { href: node.url, title: node.title ?? null } };
      const content = context.inline(node.children, { mark });
      if (content.length > 0) return content;
      return context.literal(context.inlineSource({ ...node, children: [] }));
    },
    definition: () => [],
  },
  printMark: {
    link: (mark, children) => [
      { type: 'link', url: stringAttr(mark, 'href'), title: stringAttr(mark, 'title') || null, children },
    ],
  },
  handlers: {
    bareAddress: Object.assign((node: BareAddress) => node.value, {
      peek: (node: BareAddress) => node.value.charAt(0),
    }),
  },
};

const webAddress = /^(?:https?:\/\/|www\.)[\w-]+(?:\.[\w-]+)+(?:[/?#][^\s<>[\]()*`|\\]*)?$/i;
const mailAddress = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]+$/i;

/** The address that GFM reads in a text, when the whole of it is one. */
export function addressOf(text: string): string | undefined {
  if (/[?!.,:*_~'";&]$/.test(text)) return undefined;
  if (webAddress.test(text)) return /^www\./i.test(text) ? `http://${text}` : text;
  return mailAddress.test(text) ? `mailto:${text}` : undefined;
}

/** Links that read as links without brackets lose them, where the author writes them so. */
export function bareAddresses(inline: PhrasingContent[]): PhrasingContent[] {
  return inline.map((node, index) => {
    if (node.type !== 'link' || node.title || node.children.length !== 1) return node;
    const [text] = node.children;
    if (text?.type !== 'text' || addressOf(text.value) !== node.url) return node;
    const isFree = endsOpen(inline[index - 1]) && startsClosed(inline[index + 1], inline[index + 2]);
    return isFree ? { type: 'bareAddress', value: text.value } : node;
  });
}

function endsOpen(before: PhrasingContent | undefined): boolean {
  return (
    before === undefined || before.type === 'break' || (before.type === 'text' && /[\s(]$/.test(before.value))
  );
}

/** An address goes on until a space, over everything that is not at the end of it: also over a break's backslash. */
function startsClosed(after: PhrasingContent | undefined, next?: PhrasingContent): boolean {
  if (after === undefined) return true;
  if (after.type !== 'text') return false;
  const isAll = /^[?!.,:;"')]*$/.test(after.value);
  return isAll ? next === undefined : /^[?!.,:;"')]*\s/.test(after.value);
}
