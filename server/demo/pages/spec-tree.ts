/**
 * The tree that specs make by their parents. Pure, so that it can be tested without a browser.
 */
import type { SpecMetadata } from '../../../extensions/spec-updates/events.ts';

export interface SpecNode {
  readonly spec: SpecMetadata;
  readonly children: readonly SpecNode[];
}

const order = new Intl.Collator('en', { numeric: true });

/** Each spec once: one whose parent is not there, or that would be its own ancestor, stands at the top. */
export function treeOf(specs: ReadonlyMap<string, SpecMetadata>): SpecNode[] {
  const sorted = [...specs.values()].sort((one, other) => order.compare(one.id, other.id));
  const byParent = Map.groupBy(sorted, ({ parent }) =>
    parent !== null && specs.has(parent) ? parent : null,
  );
  const placed = new Set<string>();

  const nodeOf = (spec: SpecMetadata): SpecNode => {
    placed.add(spec.id);
    const children = (byParent.get(spec.id) ?? []).filter(({ id }) => !placed.has(id));
    return { spec, children: children.map(nodeOf) };
  };
  const roots = (byParent.get(null) ?? []).map(nodeOf);
  // What is left goes round in circles.
  for (const spec of sorted) if (!placed.has(spec.id)) roots.push(nodeOf(spec));
  return roots;
}

/** Those that are seen: nothing below what is folded. */
export function visibleIn(nodes: readonly SpecNode[], folded: ReadonlySet<string>): SpecNode[] {
  return nodes.flatMap((node) =>
    folded.has(node.spec.id) ? [node] : [node, ...visibleIn(node.children, folded)],
  );
}

export type Mood = 'good' | 'busy' | 'bad' | 'quiet';

const moods: [RegExp, Mood][] = [
  [/^(done|complete|completed|implemented|accepted|published|approved|stable)$/i, 'good'],
  [/^(in[ -]progress|active|draft|review|in[ -]review|planned)$/i, 'busy'],
  [/^(blocked|rejected|deprecated|cancelled|failed)$/i, 'bad'],
];

/** How a status is coloured; the word is there all the same. */
export function moodOf(status: string | null): Mood {
  return moods.find(([words]) => words.test(status ?? ''))?.[1] ?? 'quiet';
}
