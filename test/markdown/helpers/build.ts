/** Tiny builders, so that a test reads as Markdown beside its document. */

import type { NodeJson } from '../../../markdown/index.ts';
import { block, textNode } from '../../../markdown/json.ts';

type Inline = string | NodeJson;

const inline = (content: Inline[]) =>
  content.map((item) => (typeof item === 'string' ? textNode(item) : item));
const mark = (type: string, attrs?: Record<string, unknown>) => (text: string) =>
  textNode(text, [attrs ? { type, attrs } : { type }]);

/** As `open` gives it: with a paragraph at the end. */
export const doc = (...content: NodeJson[]) =>
  block('doc', content.at(-1)?.type === 'paragraph' ? content : [...content, p()]);
export const p = (...content: Inline[]) => block('paragraph', inline(content));
export const h = (level: number, ...content: Inline[]) => block('heading', inline(content), { level });
export const quote = (...content: NodeJson[]) => block('blockquote', content);
export const ul = (...items: NodeJson[]) => block('bulletList', items);
export const ol = (start: number, ...items: NodeJson[]) => block('orderedList', items, { start });
export const li = (...content: NodeJson[]) => block('listItem', content);
export const tasks = (...items: NodeJson[]) => block('taskList', items);
export const task = (checked: boolean, ...content: NodeJson[]) => block('taskItem', content, { checked });
export const code = (text: string, language?: string) =>
  block('codeBlock', text === '' ? [] : [textNode(text)], language === undefined ? undefined : { language });
export const html = (text: string) => code(text, '=html');
export const md = (text: string) => code(text, '=md');
export const hr = block('horizontalRule');
export const br = block('hardBreak');
export const table = (...rows: NodeJson[]) => block('table', rows);
export const row = (...cells: NodeJson[]) => block('tableRow', cells);
export const th = (text = '', align?: string) => cell('tableHeader', text, align);
export const td = (text: Inline | Inline[] = '', align?: string) => cell('tableCell', text, align);
const cell = (type: string, text: Inline | Inline[], align?: string) =>
  block(type, [p(...[text].flat().filter((item) => item !== ''))], align ? { align } : undefined);
export const bold = mark('bold');
export const italic = mark('italic');
export const strike = mark('strike');
export const under = mark('underline');
export const codeText = mark('code');
export const link = (href: string, text: string, title: string | null = null) =>
  textNode(text, [{ type: 'link', attrs: { href, title } }]);
export const image = (src: string, alt: string | null = null, title: string | null = null) =>
  block('image', [], { src, alt, title });
export const raw = (source: string) => block('htmlInline', [], { html: source });
export const note = (label: string) => block('footnoteReference', [], { label });
export const noteText = (label: string, ...content: NodeJson[]) =>
  block('footnoteDefinition', content, { label });
export const civicRef = (refType: string, id: string, label: string) =>
  block('civicRef', [], { refType, id, label });
