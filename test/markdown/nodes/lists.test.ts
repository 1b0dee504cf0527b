/** list and task-list. */

import { describe, it } from 'vitest';
import { code, doc, h, hr, li, ol, p, quote, task, tasks, ul } from '../helpers/build.ts';
import { prints, reads, same } from '../helpers/same.ts';

describe('lists', () => {
  it('have bullets', () => same('* a\n* b', doc(ul(li(p('a')), li(p('b'))))));
  it('are loose', () => same('- a\n\n- b', doc(ul(li(p('a')), li(p('b'))))));
  it('nest', () => same('- a\n  - b', doc(ul(li(p('a'), ul(li(p('b'))))))));
  it('keep the width of their indentation', () =>
    same('-   a\n    - b', doc(ul(li(p('a'), ul(li(p('b'))))))));
  it('count up from their start', () => same('3) a\n4) b', doc(ol(3, li(p('a')), li(p('b'))))));
  it('repeat their number when the author does', () =>
    same('1. a\n1. b', doc(ol(1, li(p('a')), li(p('b'))))));
  it('count no further than Markdown does', () =>
    prints(doc(ol(999_999_999, li(p('a')), li(p('b')))), '999999999. a\n999999999. b'));
  it('begin at a number that Markdown has', () => {
    prints(doc(ol(-3, li(p('a')))), '0. a');
    prints(doc(ol(10_000_000_000, li(p('a')))), '999999999. a');
  });
  it('begin an item with a paragraph, as ProseMirror wants it', () =>
    same('- # a', doc(ul(li(p(), h(1, 'a'))))));
  it('begin an item with code', () => same('- ```\n  a\n  ```', doc(ul(li(p(), code('a'))))));
  it('have empty items', () => same('- a\n-\n- c', doc(ul(li(p('a')), li(p()), li(p('c'))))));
  it('hold quotes', () => same('- > a', doc(ul(li(p(), quote(p('a')))))));
  it('stay apart from the next list', () => prints(doc(ul(li(p('a'))), ul(li(p('b')))), '- a\n\n* b'));
  it('do not fuse with a rule inside', () => prints(doc(ul(li(p(), hr))), '- ***'));
});

describe('task lists', () => {
  it('have checkboxes', () => same('- [ ] a\n- [x] b', doc(tasks(task(false, p('a')), task(true, p('b'))))));
  it('nest', () => same('- [ ] a\n  - [x] b', doc(tasks(task(false, p('a'), tasks(task(true, p('b'))))))));
  it('keep a task without text', () =>
    same('- [ ] a\n- [ ]', doc(tasks(task(false, p('a')), task(false, p())))));
  it('stay literal among plain items', () => same('- [ ] a\n- b', doc(ul(li(p('[ ] a')), li(p('b'))))));
  it('stay literal in ordered lists', () => same('1. [x] a', doc(ol(1, li(p('[x] a'))))));
  it('stay literal for editors without them', () => {
    same('- [ ] a\n- [x] b', doc(ul(li(p('[ ] a')), li(p('[x] b')))), { features: [] });
  });
  it('are not made of brackets elsewhere', () => reads('[ ] a', doc(p('[ ] a'))));
});
