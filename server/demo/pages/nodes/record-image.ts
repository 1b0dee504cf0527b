/**
 * An image of a record: a real picture only when its data is in the source itself, else a chip with its description.
 *
 * A relative path points into the record's folder, which this page does not serve; an address elsewhere would tell
 * that server who reads the record, and the page's CSP forbids it. The node keeps its `src` either way.
 */
import { Image } from '@tiptap/extension-image';

const EMBEDDED_PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/i;

export const RecordImage = Image.extend({
  parseHTML() {
    return [
      {
        tag: 'span[data-image]',
        priority: 60,
        getAttrs: (element) => ({
          src: element.getAttribute('data-image'),
          alt: element.getAttribute('data-alt'),
          title: element.getAttribute('data-title'),
        }),
      },
      ...(this.parent?.() ?? []),
    ];
  },

  renderHTML({ node, HTMLAttributes }) {
    const { alt, title } = node.attrs;
    const src = String(node.attrs.src ?? '');
    if (EMBEDDED_PICTURE.test(src)) return ['img', HTMLAttributes];
    return [
      'span',
      { 'data-image': src, 'data-alt': alt, 'data-title': title, class: 'chip image', title: src },
      String(alt || src || 'Image'),
    ];
  },
}).configure({ inline: true });
