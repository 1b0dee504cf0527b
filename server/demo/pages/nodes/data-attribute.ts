/**
 * A node attribute that travels as a `data-…` attribute in HTML, so that copy and paste keeps it.
 * The record itself never sees this HTML: it travels as Yjs and is stored as Markdown.
 */
import type { Attribute } from '@tiptap/core';

/** @param name the attribute in the document, @param dataName its name in HTML, @param fallback its value when it is missing */
export function dataAttribute(name: string, dataName: string, fallback: string): Partial<Attribute> {
  return {
    default: fallback,
    parseHTML: (element) => element.getAttribute(dataName) ?? fallback,
    renderHTML: (attributes) => ({ [dataName]: attributes[name] }),
  };
}
