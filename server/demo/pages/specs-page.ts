/** The dashboard of specs, `/demo/specs`: their tree, what happens to them, and how that comes here. */
import type { ConnectionState } from '../../../client/watch-specs/connection.ts';
import { type SpecsWatch, watchSpecs } from '../../../client/watch-specs/watch-specs.ts';
import type { BatchedChange, SpecMetadata } from '../../../extensions/spec-updates/events.ts';
import { byId, element, setText } from './dom.ts';
import { signIn } from './session.ts';
import { SpecFeedView } from './spec-feed-view.ts';
import { SpecTreeView } from './spec-tree-view.ts';

const transports = { websocket: 'WebSocket', 'server-sent-events': 'Server-sent events' } as const;
const user = new URLSearchParams(location.search).get('user') ?? 'alice';

const specs = new Map<string, SpecMetadata>();
const tree = new SpecTreeView(byId('tree'), showFacts);
const feed = new SpecFeedView(byId('feed'));
let watch: SpecsWatch | undefined;

byId<HTMLFormElement>('filter').addEventListener('submit', (event) => {
  event.preventDefault();
  void open();
});
void open();

async function open(): Promise<void> {
  watch?.close();
  const session = await signIn(user).catch((error: Error) => void showProblem(error.message));
  if (!session) return;
  const specIds = byId<HTMLInputElement>('only')
    .value.split(/[\s,]+/)
    .filter((id) => id !== '');
  watch = watchSpecs({
    url: location.origin,
    path: session.realtimePath,
    token: async () => (await signIn(user)).token,
    includeChildren: byId<HTMLInputElement>('children').checked,
    ...(specIds.length > 0 && { specIds }),
    patienceMs: 3_000,
    probeEveryMs: 5_000,
    onState: showState,
    onReset: (all) => {
      specs.clear();
      for (const metadata of all) specs.set(metadata.id, metadata);
      showSpecs();
    },
    onEvent: ({ event, data }) => {
      const changes = event === 'specs.batch' ? data.changes : [{ event, ...data } as BatchedChange];
      take(changes, new Date(data.timestamp));
    },
  });
}

function take(changes: readonly BatchedChange[], at: Date): void {
  const now = Date.now();
  for (const change of changes) {
    if (change.event === 'spec.deleted') specs.delete(change.id);
    else specs.set(change.id, change.metadata);
  }
  showSpecs();
  for (const { id } of changes) tree.mark(id);
  feed.add(changes, at);
  byId('feed-empty').hidden = true;
  setText(byId('latency'), `${Math.max(0, now - at.getTime())} ms`);
}

function showSpecs(): void {
  tree.show(specs);
  byId('tree-empty').hidden = specs.size > 0;
  setText(byId('specs-count'), String(specs.size));
}

function showState(state: ConnectionState): void {
  const transport = byId('transport');
  transport.dataset.transport = state.is === 'live' ? state.transport : 'none';
  setText(transport, state.is === 'live' ? transports[state.transport] : '–');
  if (state.is === 'live') {
    const isStandIn = state.transport === 'server-sent-events';
    setText(
      byId('connection'),
      isStandIn ? 'Live, although no WebSocket gets through. Trying that again now and then.' : 'Live.',
    );
  } else if (state.is === 'refused') showProblem(state.reason);
  else if (state.is === 'connecting') setText(byId('connection'), 'Connecting…');
  byId('connection').classList.toggle('problem', state.is === 'refused');
}

function showProblem(reason: string): void {
  setText(byId('connection'), `Refused: ${reason}`);
}

function showFacts(spec: SpecMetadata | null): void {
  const facts = byId('spec-facts');
  facts.hidden = spec === null;
  if (!spec) return;
  const rows: [string, string | null][] = [
    ['Title', spec.title],
    ['Type', spec.type],
    ['Status', spec.status],
    ['Priority', spec.priority],
    ['Part of', spec.parent],
    ['Needs', spec.dependencies.join(', ') || null],
    ['Created', spec.created],
    ['Updated', spec.updated],
    ['File', spec.path],
    ['Warning', spec.warnings.join(' ') || null],
  ];
  facts.replaceChildren(
    ...rows.flatMap(([name, value]) =>
      value === null ? [] : [element('div', {}, element('dt', {}, name), element('dd', {}, value))],
    ),
  );
}
