/**
 * JSON in our names ↔ JSON in the names of a dialect (dialects.ts).
 *
 * What a dialect does not know passes as it is. Where it has one of our names it gets another: it is not what we
 * call so, but a stranger's, and is printed like any other stranger.
 */

import { type DialectName, dialectNames, dialects, type Spellings } from './dialects.ts';
import { type MarkJson, type NodeJson, sortMarks } from './json.ts';

/** From our names; always a copy. */
export function spelled(node: NodeJson, dialect: DialectName): NodeJson {
  return translated(node, translations[dialect].out);
}

/** To our names. */
export function understood(node: NodeJson, dialect: DialectName): NodeJson {
  return dialect === 'tiptap' ? node : translated(node, translations[dialect].in);
}

/**
 * With a value for every attribute that the dialect has, as an editor would write it, so that editing nearby does
 * not add them. In the dialect's names before and after.
 */
export function completed(node: NodeJson, dialect: DialectName): NodeJson {
  const { nodes, marks } = unsetValues[dialect];
  const { attrs, content } = node;
  const complete = (mark: MarkJson) => ({ ...mark, attrs: { ...marks.get(mark.type), ...mark.attrs } });
  return {
    ...node,
    ...(nodes.has(node.type) && { attrs: { ...nodes.get(node.type), ...attrs } }),
    ...(node.marks && { marks: node.marks.map(complete) }),
    ...(content && { content: content.map((child) => completed(child, dialect)) }),
  };
}

/** In the order in which the dialect's schema has them. */
export function orderedMarks(marks: readonly MarkJson[], dialect: DialectName): MarkJson[] {
  return marks.length > 1 ? sortMarks(marks, translations[dialect].out.markOrder) : [...marks];
}

/** Names and the names that take their place; those of attributes by node or mark. */
interface Names {
  readonly names: ReadonlyMap<string, string>;
  readonly attrs: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

interface Translation {
  readonly nodes: Names;
  readonly marks: Names;
  readonly markOrder: readonly string[];
}

const stranger = 'stranger:';

function outwards(spellings: Spellings): Names {
  const entries = Object.entries(spellings);
  return {
    names: new Map(entries.map(([ours, [name]]) => [ours, name])),
    attrs: new Map(
      entries.map(([ours, [, attrs]]) => [
        ours,
        new Map(Object.entries(attrs).map(([attr, [theirs]]) => [attr, theirs])),
      ]),
    ),
  };
}

/** @param taken our names, which a stranger cannot have */
function inwards(spellings: Spellings, taken: Spellings): Names {
  const entries = Object.entries(spellings);
  const apart = (names: Iterable<string>) => [...names].map((name) => [name, stranger + name] as const);
  return {
    names: new Map([...apart(Object.keys(taken)), ...entries.map(([ours, [name]]) => [name, ours] as const)]),
    attrs: new Map(
      entries.map(([, [name, attrs]]) => [
        name,
        new Map([
          ...apart(Object.keys(attrs)),
          ...Object.entries(attrs).map(([attr, [theirs]]) => [theirs, attr] as const),
        ]),
      ]),
    ),
  };
}

function byDialect<T>(make: (dialect: DialectName) => T): Record<DialectName, T> {
  return Object.fromEntries(dialectNames.map((name) => [name, make(name)])) as Record<DialectName, T>;
}

const translations = byDialect((dialect): Record<'out' | 'in', Translation> => {
  const { nodes, marks } = dialects[dialect];
  const ours = dialects.tiptap;
  return {
    out: {
      nodes: outwards(nodes),
      marks: outwards(marks),
      markOrder: Object.values(marks).map(([name]) => name),
    },
    in: {
      nodes: inwards(nodes, ours.nodes),
      marks: inwards(marks, ours.marks),
      markOrder: Object.keys(ours.marks),
    },
  };
});

const unsetValues = byDialect((dialect) => {
  const valuesOf = (spellings: Spellings) =>
    new Map(
      Object.values(spellings)
        .filter(([, attrs]) => Object.keys(attrs).length > 0)
        .map(([name, attrs]) => [name, Object.fromEntries(Object.values(attrs))]),
    );
  const { nodes, marks } = dialects[dialect];
  return { nodes: valuesOf(nodes), marks: valuesOf(marks) };
});

function translated(node: NodeJson, to: Translation): NodeJson {
  const { attrs, marks, content } = node;
  return {
    ...node,
    type: nameIn(to.nodes.names, node.type),
    ...(attrs && { attrs: renamed(attrs, to.nodes.attrs.get(node.type)) }),
    ...(marks && {
      marks: sortMarks(
        marks.map((mark) => translatedMark(mark, to)),
        to.markOrder,
      ),
    }),
    ...(content && { content: content.map((child) => translated(child, to)) }),
  };
}

function translatedMark({ type, attrs }: MarkJson, to: Translation): MarkJson {
  const name = nameIn(to.marks.names, type);
  return attrs ? { type: name, attrs: renamed(attrs, to.marks.attrs.get(type)) } : { type: name };
}

function renamed(attrs: Record<string, unknown>, names: ReadonlyMap<string, string> = new Map()) {
  return Object.fromEntries(Object.entries(attrs).map(([name, value]) => [nameIn(names, name), value]));
}

function nameIn(names: ReadonlyMap<string, string>, name: string): string {
  return names.get(name) ?? (name.startsWith(stranger) ? name.slice(stranger.length) : name);
}
