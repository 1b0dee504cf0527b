/**
 * Blocks that travel as their source, in a code block whose language says so: `=html` or `=md`.
 * An editor shows them as code, and nothing that it lacks is lost.
 */

import type { FlowNode } from '../construct.ts';
import { opaque } from '../features.ts';
import { block, type NodeJson, plainText, stringAttr, textNode } from '../json.ts';

export function opaqueMarkdown(source: string): NodeJson[] {
  return [opaqueBlock(opaque.markdown, source)];
}

export function opaqueHtml(source: string): NodeJson[] {
  return [opaqueBlock(opaque.html, source)];
}

export function isOpaque(language: string): boolean {
  return language === opaque.html || language === opaque.markdown;
}

export function isOpaqueBlock(node: NodeJson): boolean {
  return node.type === 'codeBlock' && isOpaque(stringAttr(node, 'language'));
}

/** mdast prints the value of an `html` node as it is, which is what both kinds need. */
export function printOpaque(node: NodeJson): FlowNode[] {
  const value = plainText(node);
  return value.trim() === '' && stringAttr(node, 'language') === opaque.html ? [] : [{ type: 'html', value }];
}

function opaqueBlock(language: string, source: string): NodeJson {
  return block('codeBlock', source === '' ? [] : [textNode(source)], { language });
}
