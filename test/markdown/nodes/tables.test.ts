/** table and footnote definitions. */

import { describe, it } from 'vitest';
import { block } from '../../../markdown/json.ts';
import {
  br,
  code,
  doc,
  hr,
  li,
  md,
  note,
  noteText,
  p,
  quote,
  row,
  table,
  td,
  th,
  ul,
} from '../helpers/build.ts';
import { prints, reads, same } from '../helpers/same.ts';

describe('tables', () => {
  const small = '| a | b |\n| --- | --- |\n| c | d |';

  it('have a header', () => same(small, doc(table(row(th('a'), th('b')), row(td('c'), td('d'))))));
  it('have no padding when the author has none', () => {
    same('|a|b|\n|---|---|\n|c|d|', doc(table(row(th('a'), th('b')), row(td('c'), td('d')))));
  });
  it('are aligned', () => {
    same('| a | b |\n| :-: | --: |', doc(table(row(th('a', 'center'), th('b', 'right')))));
  });
  it('fill short rows', () =>
    reads('|a|b|\n|-|-|\n|c|', doc(table(row(th('a'), th('b')), row(td('c'), td())))));
  it('with surplus cells are opaque', () => same('|a|\n|-|\n|b|c|', doc(md('|a|\n|-|\n|b|c|'))));
  it('escape pipes', () => same('| a\\|b |\n| --- |', doc(table(row(th('a|b'))))));
  it('have <br> for a hard break', () =>
    same('| a |\n| --- |\n| b<br>c |', doc(table(row(th('a')), row(td(['b', br, 'c']))))));
  it('put several blocks of a cell on one line', () => {
    prints(doc(table(row(th('a')), row(block('tableCell', [p('b'), p('c')])))), '| a |\n| --- |\n| b<br>c |');
  });
  it('keep the places that a merged cell covers, empty', () => {
    const merged = block('tableCell', [p('b')], { colspan: 2, rowspan: 2 });
    prints(
      doc(table(row(th('a'), th(), th('c')), row(merged, td('d')), row(td('e')))),
      '| a |  | c |\n| --- | --- | --- |\n| b |  | d |\n|  |  | e |',
    );
  });
  it('have one alignment in each column', () =>
    prints(doc(table(row(th('a', 'right')), row(td('b', 'center')))), '| a |\n| --: |\n| b |'));
  it('put code, items and rules on one line', () =>
    prints(
      doc(table(row(th('a')), row(block('tableCell', [ul(li(p('b')), li(p('c'))), code('d\ne'), hr])))),
      '| a |\n| --- |\n| b<br>c<br>d<br>e<br>--- |',
    ));
  it('are opaque in a quote, as their author wrote them', () =>
    same('> | a |\n> |:--|\n> | b |', doc(quote(md('| a |\n|:--|\n| b |'))), { features: [] }));
  it('are opaque for editors without them', () => same(small, doc(md(small)), { features: [] }));
});

describe('footnotes', () => {
  it('are defined in blocks', () => {
    same('a[^n]\n\n[^n]: b\n\n    c', doc(p('a', note('n')), noteText('n', p('b'), p('c'))));
  });
  it('are opaque for editors without them', () => {
    reads('[^n]: b\n\n    ```\n    c\n    ```', doc(md('[^n]: b\n\n    ```\n    c\n    ```')), {
      features: [],
    });
  });
  it('hold code', () => reads('[^n]: b\n\n    ```\n    c\n    ```', doc(noteText('n', p('b'), code('c')))));
});
