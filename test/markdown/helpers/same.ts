/** What a one-line test says: this Markdown and this document are the same, in one direction or both. */

import { expect } from 'vitest';
import {
  type MarkdownOptions,
  type NodeJson,
  open,
  print,
  schema,
  sniffStyle,
} from '../../../markdown/index.ts';

/** Reads as this document, and prints as this Markdown in its own style. */
export function same(markdown: string, json: NodeJson, options: MarkdownOptions = {}): void {
  reads(markdown, json, options);
  expect(print(json, sniffStyle(markdown), options).trimEnd()).toBe(markdown.trimEnd());
}

export function reads(markdown: string, json: NodeJson, options: MarkdownOptions = {}): void {
  const opened = open(markdown, options).json;
  expect(opened).toEqual(json);
  schema.nodeFromJSON(opened).check();
}

/** Prints as this Markdown in the plain style. */
export function prints(json: NodeJson, markdown: string, options: MarkdownOptions = {}): void {
  expect(print(json, undefined, options).trimEnd()).toBe(markdown);
}
