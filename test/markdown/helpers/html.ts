/** What readers see: Markdown as HTML, the same way on both sides of a comparison. */

import type { Root } from 'mdast';
import rehypeRaw from 'rehype-raw';
import rehypeStringify from 'rehype-stringify';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import { mendIndentedCode } from '../../../markdown/remark.ts';

const pipeline = unified()
  .use(remarkParse)
  .use(remarkFrontmatter, ['yaml', 'toml'])
  .use(remarkGfm)
  .use(() => (tree: Root, file: { toString(): string }) => mendIndentedCode(tree, String(file)))
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rehypeRaw)
  .use(rehypeStringify)
  .freeze();

/** White space is one space outside `<pre>`, and none at the edges of blocks, as a browser shows it. */
export function renderHtml(markdown: string): string {
  const html = String(pipeline.processSync(markdown));
  return html
    .split(/(<pre[\s>][\s\S]*?<\/pre>)/)
    .map((part) => (part.startsWith('<pre') ? part : shown(part)))
    .join('')
    .trim();
}

function shown(html: string): string {
  const block = '(?:p|h[1-6]|li|ul|ol|blockquote|table|thead|tbody|tr|t[hd]|hr|br|section|div)';
  return html.replace(/[ \t\r\n]+/g, ' ').replace(new RegExp(` ?(</?${block}(?: [^>]*)?>) ?`, 'g'), '$1');
}
