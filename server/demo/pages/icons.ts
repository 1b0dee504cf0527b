/** The toolbar's icons: strokes on a grid of 20, in the colour of the text. */

const PATHS = {
  code: 'M7 6 3 10l4 4M13 6l4 4-4 4',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.9-2.9a3 3 0 0 0-4.3-4.3L10.3 5.4M11.5 8.5a3 3 0 0 0-4.3 0l-2.9 2.9a3 3 0 0 0 4.3 4.3l1.1-1.1',
  bulletList: 'M8 5h9M8 10h9M8 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01',
  numberedList: 'M9 5h8M9 10h8M9 15h8M3 4l1.5-1v5M3 12.2c.4-1 2.4-1 2.4.3 0 1-2.4 1.7-2.4 3.5h2.6',
  taskList: 'M10 5.5h7M10 14.5h7M3 5.5 4.5 7 7.5 4M3.5 12.5h3.5V16H3.5z',
  quote: 'M4 4v12M8 6h9M8 10h9M8 14h6',
  table: 'M3 4h14v12H3zM3 8h14M3 12h14M8 4v12',
  undo: 'M7 4 3 8l4 4M3 8h9a4.5 4.5 0 0 1 0 9H9',
  redo: 'm13 4 4 4-4 4M17 8H8a4.5 4.5 0 0 0 0 9h3',
} as const;

export type IconName = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
