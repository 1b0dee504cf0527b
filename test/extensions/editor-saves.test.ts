import { expect, it } from 'vitest';
import { hasNothingNew, savedByEditor } from '../../extensions/editor-saves.ts';

const own = '# Plan\n\nFirst paragraph.\n\n- one\n- two\n';
const draft = (markdown: string, title = 'Plan') => ({ title, markdown, isDraft: true, fields: {} });

it('[E8] knows a save of the editor by the title that stands there once more', () => {
  const said = '# Plan\n\nFirst paragraph.\n\n* one\n\n* two';
  expect(savedByEditor(draft(`# Plan\n\n${said}`), own)).toBe(said);
  // The room has changed its heading; the page has not.
  expect(savedByEditor(draft('# Plan\n\n# The plan\n\nText.'), '# The plan\n\nText.\n')).toBe(
    '# The plan\n\nText.',
  );
});

it.each([
  ['a text that is saved as it is', draft(own), own],
  ['another title', draft(`# Other\n\n${own}`), own],
  ['a text that had two before', draft(`# Plan\n\n${own}`), `# Plan\n\n${own}`],
  ['a text that had none before', draft('# Plan\n\nFirst paragraph.\n'), 'First paragraph.\n'],
])('[E8] takes for an edit: %s', (_, record, room) => {
  expect(savedByEditor(record, room)).toBeNull();
});

it('[E8] finds nothing new in words that the room has, had, or was typing', () => {
  expect(hasNothingNew('one two thr', ['one three', 'two'])).toBe(true);
  expect(hasNothingNew('one paXgraph', ['one paXYgraph'])).toBe(true);
  expect(hasNothingNew('one four', ['one three', 'two'])).toBe(false);
});
