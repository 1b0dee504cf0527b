/**
 * The editor page, `/demo/records/:id?user=alice`: brings editor, room, people and the record's Markdown together.
 */
import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import { Doc } from 'yjs';
import { colourOf } from '../../presence/colours.ts';
import type { RecordTexts } from './api/demo-records.ts';
import { enterRoom, type RoomStatus } from './connection.ts';
import { type ConnectionState, connectionText, phraseOf, savedText } from './connection-state.ts';
import { byId, setText } from './dom.ts';
import { recordExtensions } from './extensions.ts';
import { showRecordTexts } from './markdown-panel.ts';
import { clearNotice, showNotice } from './notices.ts';
import { caretOf, fadeIdleCarets, type Person, peopleIn, showPeople } from './people.ts';
import { poll } from './poll.ts';
import { type Session, SignInError, signIn } from './session.ts';
import { connectTabs } from './tabs.ts';
import { addToolbar } from './toolbar.ts';
import { VersionsClient } from './versions-client.ts';
import { connectVersions, type VersionsPanel } from './versions-panel.ts';

const SIGN_IN_AGAIN_MS = 1_000;

const recordId = decodeURIComponent(location.pathname.split('/').at(-1)!);
const demoUser = new URLSearchParams(location.search).get('user') ?? 'alice';

/** Once somebody is signed in. */
let versions: VersionsPanel | undefined;

connectTabs(byId('markdown-tabs'));
const markdown = poll<RecordTexts>(`/demo/api/records/${encodeURIComponent(recordId)}`, {
  onChange: (texts) => {
    document.title = `${texts.title} · CivicPress Realtime`;
    setText(byId('record-title'), texts.title);
    showRecordTexts(texts);
  },
  onProblem: (message) => setText(byId('markdown-problem'), message ?? ''),
});
void start();

async function start(): Promise<void> {
  try {
    openEditor(await signIn(demoUser));
    clearNotice('connection');
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    showNotice('connection', { kind: 'error', text: error.message });
    showConnection({ is: error.isTransient ? 'offline' : 'refused', reason: error.message });
    if (error.isTransient) setTimeout(start, SIGN_IN_AGAIN_MS);
  }
}

function openEditor(session: Session): void {
  const document = new Doc();
  const { accountId: id, name } = session.user;
  const self: Person = { id, name, color: colourOf(id), isIdle: false };

  const room = enterRoom({
    recordId,
    session,
    document,
    onStatus: (status) => showStatus(status, editor, room.reconnect),
    onMessage: hearServer,
  });
  const editor = new Editor({
    element: byId('editor'),
    editable: false,
    injectCSS: false,
    editorProps: {
      attributes: {
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-labelledby': 'editor-label record-title',
        class: 'record-text',
      },
    },
    extensions: [
      ...recordExtensions,
      Collaboration.configure({ document, field: 'default' }),
      CollaborationCaret.configure({ provider: room.provider, user: { ...self }, render: caretOf }),
    ],
  });
  addToolbar(byId('toolbar'), editor);
  warnBeforeLeaving(room.provider);
  versions = connectVersions(new VersionsClient(recordId, session));

  const { awareness } = room.provider;
  const refreshPeople = () => {
    const states = awareness?.getStates() ?? new Map();
    showPeople(byId('people'), peopleIn(states.values(), self), self);
    fadeIdleCarets(byId('editor'), states);
  };
  awareness?.on('change', refreshPeople);
  refreshPeople();
}

function showStatus(status: RoomStatus, editor: Editor, reconnect: () => void): void {
  const { connection, access, unsaved, hasDocument } = status;
  showConnection(connection);
  setText(byId('saved'), hasDocument ? savedText(connection, access, unsaved) : '');

  // Without the document, edits would go into an empty copy of it; after a refusal they would reach nobody.
  const isEditable = hasDocument && access === 'edit' && connection.is !== 'refused';
  if (editor.isEditable !== isEditable) editor.setEditable(isEditable);
  editor.view.dom.setAttribute('aria-readonly', String(!isEditable));
  byId('editor').setAttribute('aria-busy', String(!hasDocument));

  // Who may edit again has come back with everything, and so has the record.
  if (access === 'edit') clearNotice('rights');
  if (connection.is === 'refused') {
    const action = { label: 'Try again', run: reconnect };
    showNotice('connection', { kind: 'error', text: `You cannot edit here. ${connection.reason}`, action });
  } else {
    clearNotice('connection');
  }
}

function showConnection(connection: ConnectionState): void {
  byId('status').dataset.connection = connection.is;
  setText(byId('connection'), connectionText(connection));
}

/** What the server tells the room. Events that this page does not know are for others. */
function hearServer(event: string, data: unknown): void {
  if (event === 'could-not-save') {
    const { reason } = data as { reason: string };
    const text = `The record could not be saved: ${phraseOf(reason)}. Your edits are kept, and saving is tried again.`;
    showNotice('save', { kind: 'warning', text });
  } else if (event === 'shown-as-source') {
    const { reason } = data as { reason: string };
    showNotice('source', { kind: 'warning', text: reason });
  } else if (event === 'rights-changed') {
    const { reason } = data as { reason: string };
    const text = `${reason} What you typed last may not have been taken: the record as it is comes with a reload.`;
    const action = { label: 'Reload', run: () => location.reload() };
    showNotice('rights', { kind: 'warning', text, action });
  } else if (event === 'too-much-unsaved' || event === 'room-read-only') {
    const { reason } = data as { reason: string };
    showNotice('rights', { kind: 'warning', text: reason });
  } else if (event === 'slow-down') {
    const { reason } = data as { reason: string };
    const action = { label: 'Dismiss', run: () => clearNotice('slow-down') };
    showNotice('slow-down', { kind: 'warning', text: reason, action });
  } else if (event === 'changed-outside') {
    const { conflicts } = data as { conflicts: string[] };
    const where = conflicts.map((lines) => `“${lines.trim()}”`).join(', ');
    const text = conflicts.length
      ? `The record was changed elsewhere, in words that were changed here as well. Both stand in ${where}.`
      : 'The record was changed elsewhere; the change is in the text now.';
    const action = { label: 'Dismiss', run: () => clearNotice('outside') };
    showNotice('outside', { kind: 'warning', text, action });
  } else if (event === 'published') {
    const { at } = data as { at: number };
    const text = `The draft was published at ${new Date(at).toLocaleTimeString()}. What you type from now on is a new one.`;
    const action = { label: 'Dismiss', run: () => clearNotice('published') };
    showNotice('published', { kind: 'warning', text, action });
    void markdown.now();
  } else if (event === 'record-gone') {
    const { fate } = data as { fate: 'archived' | 'deleted' };
    const text = `This record was ${fate}. Its text is kept in its versions; nothing can be changed here.`;
    showNotice('gone', { kind: 'error', text });
  } else if (event === 'record-back') {
    clearNotice('gone');
  } else if (event === 'saved' || event === 'saved-again') {
    clearNotice('save');
    const { by = [] } = data as { by?: string[] };
    if (by.length > 0) setText(byId('last-edited'), `Last edited by ${by.join(', ')}`);
    void markdown.now();
    versions?.refresh();
  } else if (event === 'restored') {
    const { revision, by } = data as { revision: number; by: string };
    const action = { label: 'Dismiss', run: () => clearNotice('restored') };
    // If that is one block of source as well, the server says so next.
    clearNotice('source');
    showNotice('restored', { kind: 'warning', text: `${by} restored version ${revision}.`, action });
    versions?.refresh();
  }
}

function warnBeforeLeaving(provider: {
  hasUnsyncedChanges: boolean;
  authorizedScope: string | undefined;
}): void {
  addEventListener('beforeunload', (event) => {
    if (provider.hasUnsyncedChanges && provider.authorizedScope === 'read-write') event.preventDefault();
  });
}
