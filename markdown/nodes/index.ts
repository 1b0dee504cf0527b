/** Every construct. The order does not matter: each node type has one reader and one printer. */

import type { Construct } from '../construct.ts';
import { break_ } from './break.ts';
import { civicRef } from './civic-ref.ts';
import { code } from './code.ts';
import { footnote } from './footnote.ts';
import { heading } from './heading.ts';
import { html } from './html.ts';
import { image } from './image.ts';
import { link } from './link.ts';
import { list } from './list.ts';
import { marks } from './marks.ts';
import { paragraph } from './paragraph.ts';
import { quote } from './quote.ts';
import { rule } from './rule.ts';
import { table } from './table.ts';
import { underline } from './underline.ts';

export const constructs: readonly Construct[] = [
  paragraph,
  heading,
  quote,
  list,
  code,
  rule,
  table,
  html,
  footnote,
  marks,
  underline,
  link,
  image,
  break_,
  civicRef,
];
