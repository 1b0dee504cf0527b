/**
 * Spelling out what Markdown would otherwise read as markup, and no more than that.
 *
 * remark-stringify escapes whatever might be markup somewhere. A clerk's `[City Name]` or `R&D` is none, and a
 * backslash there is a line in somebody's diff: `needless` says when an escape can go, and why.
 */

import type { Text } from 'mdast';
import type { Handlers } from './construct.ts';

interface Surroundings {
  before: string;
  after: string;
  /** The text after the escaped character, no more than a line or so of it. */
  rest: string;
  isAtStart: boolean;
  isInLabel: boolean;
  /** Whether a label has a definition. */
  isDefined: (label: string) => boolean;
}

interface Needless {
  character: string;
  reason: string;
  when: (around: Surroundings) => boolean;
}

const isSpace = (character: string) => /^\s?$/.test(character);

const needless: readonly Needless[] = [
  {
    character: '&',
    reason: 'only a name or number that ends in a semicolon is a character reference',
    when: ({ rest }) => !/^(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9A-Fa-f]+);/.test(rest),
  },
  {
    character: '[',
    reason:
      'no link without a target or a definition, no footnote without ^, no checkbox but at the start, no definition without :',
    when: ({ rest, after, isAtStart, isInLabel, isDefined }) => {
      const [bracketed, label = ''] = /^([^[\]\\\n]{1,200})\]/.exec(rest) ?? [];
      if (bracketed === undefined || isInLabel || label.startsWith('^') || isDefined(label)) return false;
      const next = rest.charAt(bracketed.length) || after;
      return !'([:'.includes(next || ':') && !(isAtStart && /^[ xX]$/.test(label));
    },
  },
  {
    character: '#',
    reason: 'a heading needs space after its number signs',
    when: ({ rest }) => /^[^\s#]/.test(rest),
  },
  ...['*', '_', '~'].map((character) => ({
    character,
    reason: 'between spaces it neither opens nor closes anything',
    when: ({ before, rest, after, isAtStart }: Surroundings) =>
      !isAtStart && isSpace(before) && isSpace(rest.charAt(0) || after),
  })),
];

const byCharacter = new Map(needless.map((rule) => [rule.character, rule.when]));

/** Every mark of punctuation as its number: nothing can be markup then. For text that no escape keeps what it is. */
export const spelledOutHandlers: Handlers = {
  text(node: Text, _parent, state, info) {
    const pieces = node.value.split(/([!-/:-@[-`{-~])/);
    return pieces
      .map((piece, index) => {
        if (index % 2 === 1) return `&#${piece.charCodeAt(0)};`;
        const before = index === 0 ? info.before : ';';
        return state.safe(piece, { ...info, before, after: index === pieces.length - 1 ? info.after : '&' });
      })
      .join('');
  },
};

/** @param keepsTildes for editors that cannot strike: there a tilde without a backslash is another text (parse.ts) */
export function plainTextHandlers(isDefined: (label: string) => boolean, keepsTildes: boolean): Handlers {
  return {
    text(node: Text, parent, state, info) {
      const siblings = parent && 'children' in parent ? parent.children : [];
      const index = state.indexStack.at(-1) ?? 0;
      const beside = { beforeNode: siblings[index - 1], afterNode: siblings[index + 1] };
      const escaped = state.safe(node.value, { ...info, ...beside });
      const isInLabel = state.stack.includes('label');
      return withoutNeedless(escaped, { ...info, isInLabel, isDefined, keepsTildes });
    },
  };
}

function withoutNeedless(
  escaped: string,
  around: Pick<Surroundings, 'before' | 'after' | 'isInLabel' | 'isDefined'> & { keepsTildes: boolean },
): string {
  const { before, after, isInLabel, isDefined, keepsTildes } = around;
  return escaped.replace(/\\([!-/:-@[-`{-~])/g, (both, character: string, at: number) => {
    if (keepsTildes && character === '~') return both;
    const when = byCharacter.get(character);
    const surroundings = {
      before: at === 0 ? before.slice(-1) : escaped.charAt(at - 1),
      after: after.charAt(0),
      rest: escaped.slice(at + 2, at + 240),
      isAtStart: at === 0 && /^$|[\r\n]$/.test(before),
      isInLabel,
      isDefined,
    };
    return when?.(surroundings) ? character : both;
  });
}

/** Text as a code span, in as many backticks as it needs. */
export function codeSpan(text: string): string {
  const runs = new Set((text.match(/`+/g) ?? []).map((run) => run.length));
  let length = 1;
  while (runs.has(length)) length += 1;
  const fence = '`'.repeat(length);
  const needsSpace = /^`|`$/.test(text) || (/^ .* $/.test(text) && /\S/.test(text));
  return needsSpace ? `${fence} ${text} ${fence}` : fence + text + fence;
}
