/** A record with every node and mark that the editor knows, and with what must never run. */
import type { JSONContent } from '@tiptap/core';
import type { DemoRecord } from './demo-site.ts';

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const text = (value: string, ...marks: JSONContent[]): JSONContent => ({
  type: 'text',
  text: value,
  ...(marks.length > 0 ? { marks: marks as { type: string }[] } : {}),
});
const node = (type: string, attrs: Record<string, unknown>, ...content: JSONContent[]): JSONContent => ({
  type,
  attrs,
  ...(content.length > 0 ? { content } : {}),
});
const paragraph = (...content: JSONContent[]) => node('paragraph', {}, ...content);
const cell = (type: 'tableHeader' | 'tableCell', value: string, align: string | null = null) =>
  node(type, { align }, paragraph(text(value)));
const task = (checked: boolean, value: string) => node('taskItem', { checked }, paragraph(text(value)));
const link = (href: string) => ({ type: 'link', attrs: { href } });

export const sampleRecord: DemoRecord = {
  title: 'Noise Bylaw',
  markdown: '# Noise Bylaw\n\nNo noise after 22:00.\n\n## Quiet hours\n\n- Weekdays\n- Weekends',
  content: [
    node('heading', { level: 1 }, text('Noise Bylaw')),
    paragraph(
      text('No noise after '),
      text('22:00', { type: 'bold' }),
      text(', as in '),
      node('civicRef', { refType: 'record', id: 'bylaw-7', label: 'Bylaw 7' }),
      text(' and its note'),
      node('footnoteReference', { label: '1' }),
      text('. Press '),
      node('htmlInline', { html: '<kbd onclick="alert(1)">' }),
      text('Esc', { type: 'code' }),
      node('htmlInline', { html: '</kbd>' }),
      text('. See '),
      text('the city', link('https://city.example/')),
      text(', '),
      text('struck', { type: 'strike' }),
      text(' and '),
      text('stressed', { type: 'italic' }),
      text('.'),
    ),
    node('heading', { level: 2 }, text('Quiet hours')),
    node(
      'table',
      {},
      node('tableRow', {}, cell('tableHeader', 'Day'), cell('tableHeader', 'From', 'right')),
      node('tableRow', {}, cell('tableCell', 'Weekdays'), cell('tableCell', '22:00', 'right')),
      node('tableRow', {}, cell('tableCell', 'Weekends'), cell('tableCell', '23:00', 'right')),
    ),
    node('taskList', {}, task(true, 'Publish the notice'), task(false, 'Tell the neighbours')),
    node('blockquote', {}, paragraph(text('Le bruit nocturne est interdit.'))),
    node('codeBlock', { language: '=html' }, text('<details>\n  <summary>Map</summary>\n</details>')),
    node('codeBlock', { language: '=md' }, text('[^draft]: Kept as it is.')),
    node('codeBlock', { language: 'js' }, text('quiet = true;')),
    node('orderedList', { start: 3 }, node('listItem', {}, paragraph(text('Third')))),
    node('horizontalRule', {}),
    paragraph(
      text('A script link', link('javascript:window.hacked=1')),
      text(', pictures: '),
      node('image', { src: PIXEL, alt: 'a pixel' }),
      node('image', { src: 'javascript:window.hacked=2', alt: 'script picture' }),
      text(' '),
      node('image', { src: 'maps/quiet.png', alt: 'Map of the quiet zone' }),
      text(' '),
      node('image', { src: 'https://elsewhere.example/a.png', alt: 'picture elsewhere' }),
    ),
    node('footnoteDefinition', { label: '1' }, paragraph(text('Council meeting of 4 May.'))),
  ],
};

export const shortRecord: DemoRecord = {
  title: 'Parking Bylaw',
  markdown: 'Parking is free.',
  content: [paragraph(text('Parking is free.'))],
};
