/**
 * Which changes somebody wants to hear of.
 *
 * What leaves a filter is told as well: a dashboard of everything "In progress" hears that a spec is done.
 */
import { z } from 'zod';
import type { SpecChange } from './change.ts';
import { changeNames, type SpecMetadata } from './events.ts';

const maxListed = 100;
const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(maxListed);
const word = z.string().min(1).max(128);

/** Everything that is unset lets everything through. */
export const specFilter = z.strictObject({
  /** Ids, in which `*` stands for any text: `E13-*`. */
  specIds: list(word.regex(/^[A-Za-z0-9._*-]+$/, 'must be spec ids, or patterns such as E13-*')).optional(),
  /** Whether what is part of one of those counts too, at any depth. */
  includeChildren: z.boolean().optional(),
  /** Kinds of changes. */
  events: list(z.enum(changeNames)).optional(),
  /** In any case of letters, as is `priority`. */
  status: list(word).optional(),
  priority: list(word).optional(),
});

export type SpecFilter = z.infer<typeof specFilter>;

export class Filter {
  /** The same for filters that let the same through. */
  readonly key: string;
  readonly #isListed: (id: string) => boolean;
  readonly #withChildren: boolean;
  readonly #events: ReadonlySet<string> | null;
  readonly #status: ReadonlySet<string> | null;
  readonly #priority: ReadonlySet<string> | null;

  constructor({ specIds, includeChildren = false, events, status, priority }: SpecFilter = {}) {
    const sets = { specIds, events, status: lowered(status), priority: lowered(priority) };
    const sorted = Object.values(sets).map((words) => [...new Set(words)].sort());
    this.key = JSON.stringify([includeChildren, ...sorted]);
    this.#isListed = specIds ? listing(specIds) : () => true;
    this.#withChildren = includeChildren;
    this.#events = events ? new Set(events) : null;
    this.#status = sets.status ? new Set(sets.status) : null;
    this.#priority = sets.priority ? new Set(sets.priority) : null;
  }

  takes({ event, id, ancestors, metadata, before }: SpecChange): boolean {
    if (this.#events && !this.#events.has(event)) return false;
    if (!this.#isAbout(id, ancestors)) return false;
    return (metadata !== null && this.#isLike(metadata)) || (before !== null && this.#isLike(before));
  }

  /** Whether a spec that is there is one of those. */
  holds(metadata: SpecMetadata, ancestors: ReadonlySet<string>): boolean {
    return this.#isAbout(metadata.id, ancestors) && this.#isLike(metadata);
  }

  #isAbout(id: string, ancestors: ReadonlySet<string>): boolean {
    if (this.#isListed(id)) return true;
    return this.#withChildren && ancestors.values().some((ancestor) => this.#isListed(ancestor));
  }

  #isLike({ status, priority }: SpecMetadata): boolean {
    return isIn(this.#status, status) && isIn(this.#priority, priority);
  }
}

function lowered(words: readonly string[] | undefined): string[] | undefined {
  return words?.map((each) => each.toLowerCase());
}

function isIn(words: ReadonlySet<string> | null, value: string | null): boolean {
  return words === null || (value !== null && words.has(value.toLowerCase()));
}

function listing(specIds: readonly string[]): (id: string) => boolean {
  const ids = new Set(specIds.filter((id) => !id.includes('*')));
  const patterns = specIds.filter((id) => id.includes('*')).map((pattern) => pattern.split('*'));
  return (id) => ids.has(id) || patterns.some((parts) => isMade(id, parts));
}

/**
 * Whether the text is made of these parts, in this order, with anything in between. No regular expression: strangers
 * write the patterns, and this one never looks back.
 */
function isMade(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length >= from + last.length && text.endsWith(last);
}
