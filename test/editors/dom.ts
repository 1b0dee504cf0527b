/**
 * As much of a browser as a real ProseMirror view asks for, from jsdom. Import it before anything of Tiptap's.
 *
 * Not vitest's jsdom environment: the fuzzer runs outside of vitest too, and what the library under test is given
 * here are Node's own globals.
 */

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html><body></body></html>');

const needed = [
  'document',
  'DocumentFragment',
  'DOMParser',
  'Element',
  'Event',
  'getComputedStyle',
  'getSelection',
  'HTMLElement',
  'innerHeight',
  'innerWidth',
  'KeyboardEvent',
  'MutationObserver',
  'navigator',
  'Node',
  'Range',
] as const;

const globals: Record<string, unknown> = { window };
for (const name of needed) globals[name] = (window as unknown as Record<string, unknown>)[name];
// Nothing is laid out here, so there is nothing to wait for.
globals.requestAnimationFrame = (callback: () => void) => setTimeout(callback, 0);
globals.cancelAnimationFrame = clearTimeout;
// jsdom has no clipboard; a paste is told what it holds.
globals.ClipboardEvent = window.Event;

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

// A view asks where its text stands before it scrolls there.
Object.assign(window.Range.prototype, {
  getClientRects: () => [],
  getBoundingClientRect: () => new window.DOMRect(),
});
Object.assign(window.Element.prototype, { scrollIntoView: () => {} });
