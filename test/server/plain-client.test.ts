/**
 * CivicPress' own editor at the door: plain y-websocket, in the same rooms as everybody else.
 */
import { createEncoder, toUint8Array, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Awareness } from 'y-protocols/awareness';
import { PlainClient, recordIdIn, signOfLifeMs, tokenIn } from '../../server/plain-client.ts';
import { Editor, type EditorOptions } from '../helpers/editor.ts';
import { TownHall, type TownHallOptions } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
let editors: Editor[] = [];
afterEach(async () => {
  for (const editor of editors) editor.leave();
  editors = [];
  await townHall?.close();
});

async function open(options?: TownHallOptions): Promise<void> {
  townHall = await TownHall.open(options);
}

function enter(recordId: string, options: Partial<EditorOptions> = {}): Editor {
  const editor = new Editor({ serverUrl: townHall.url, recordId, ...options });
  editors.push(editor);
  return editor;
}

async function enterAs(user: string, role = 'clerk', options: Partial<EditorOptions> = {}): Promise<Editor> {
  return enter('noise-bylaw', { token: await townHall.tokenOf(user, role), ...options });
}

describe('in one room with a Hocuspocus client', () => {
  it('[G13] both see what either types, and the draft has it', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    expect(paul.text).toBe(alice.text);
    paul.type('Noise', ' (Paul was here)');
    alice.type('Bylaw', ' [Alice too]');
    await paul.sees('[Alice too]');
    await alice.sees('(Paul was here)');
    expect(paul.text).toBe(alice.text);
    const draft = await until('the draft has both', async () => {
      const text = await townHall.draftOf('noise-bylaw');
      return text?.includes('Paul was here') && text.includes('Alice too') ? text : null;
    });
    expect(draft).toContain('(Paul was here)');
  });

  it('[G13] what was typed is there after a restart, and who wrote it is known', async () => {
    await open({ settings: { 'snapshots.max_updates': 1 } });
    const paul = await (await enterAs('paul')).synced();
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    paul.type('Noise', ' (Paul was here)');
    await alice.sees('(Paul was here)');
    const { folder } = townHall;
    paul.leave();
    await townHall.close({ keepFolder: true });
    await open({ folder });
    const later = await (await enterAs('petra')).synced();
    expect(later.text).toContain('(Paul was here)');
  });

  it('[G13] they see each other under the names that CivicPress has for them', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    paul.provider.awareness.setLocalStateField('user', { name: 'The Mayor', color: '#ff0000' });
    paul.provider.awareness.setLocalStateField('cursor', { anchor: 1, head: 2 });
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const awareness = alice.provider.awareness as Awareness;
    const shown = () => awareness.getStates().get(paul.document.clientID);
    await until("alice sees paul's cursor", () => shown()?.cursor);
    expect(shown()?.user).toMatchObject({ name: 'paul' });
    awareness.setLocalStateField('cursor', 7);
    await until('paul sees alice', () =>
      [...paul.provider.awareness.getStates().values()].some((state) => state.user?.name === 'alice'),
    );
    paul.leave();
    await until('paul is gone', () => !shown());
  });

  it('[G13] what it says of itself before it is let in is not lost', async () => {
    await open();
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const paul = await enterAs('paul');
    // Said once, as the socket opens, while CivicPress is still asked who this is.
    paul.provider.awareness.setLocalStateField('cursor', 7);
    const awareness = alice.provider.awareness as Awareness;
    await until('alice sees it', () => awareness.getStates().get(paul.document.clientID)?.cursor === 7);
  });

  it('[G13] what was typed offline arrives when it comes back', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    paul.provider.disconnect();
    await until('paul is offline', () => !paul.provider.wsconnected);
    paul.type('Noise', ' (typed offline)');
    alice.type('Bylaw', ' [meanwhile]');
    await alice.saved();
    paul.provider.connect();
    await alice.sees('(typed offline)');
    await paul.sees('[meanwhile]');
    expect(paul.text).toBe(alice.text);
  });
});

describe('signing in', () => {
  it.each([
    ['header', 'records'],
    ['subprotocol', 'records'],
    ['subprotocol', 'record'],
  ] as const)('[G14] by %s is enough, at /realtime/%s/:id', async (by, collection) => {
    await open();
    const paul = await enterAs('paul', 'clerk', { by, collection });
    await paul.synced();
    expect(paul.text).toContain('Noise');
    expect(paul.closes).toEqual([]);
  });

  it('[G14] by query only where that is enabled', async () => {
    await open();
    expect((await (await enterAs('paul', 'clerk', { by: 'query' })).closed()).code).toBe(4001);
    for (const editor of editors) editor.leave();
    await townHall.close();
    await open({ settings: { 'auth.token_in_query': 'true' } });
    await (await enterAs('petra', 'clerk', { by: 'query' })).synced();
  });

  it.each([
    ['no token', {}, 'noise-bylaw', 4001],
    ['an unknown token', { token: `${'a'.repeat(64)}.${'b'.repeat(64)}` }, 'noise-bylaw', 4001],
    ['a token that is too long', { token: 'a'.repeat(2_000) }, 'noise-bylaw', 4001],
    ['a record that is not there', { isKnown: true }, 'never-made', 4004],
    ['a name that is none', { isKnown: true }, '..%2Fsecret', 4004],
    ['a name in two scripts', { isKnown: true }, 'caf%C3%A9', 4004],
  ])(
    '[G14] with %s ends with a code',
    async (_what, {
      isKnown,
      ...options
    }: Partial<EditorOptions> & { isKnown?: boolean }, recordId, code) => {
      await open();
      const token = isKnown ? await townHall.tokenOf('paul', 'public') : options.token;
      const url = `${townHall.url.replace('http', 'ws')}/realtime/records/${recordId}`;
      const ws = new WebSocket(url, token ? [`auth.${token}`] : []);
      onTestFinished(() => ws.terminate());
      const closed = await new Promise<{ code: number; reason: string }>((resolve) => {
        ws.on('error', () => undefined);
        ws.on('close', (closeCode, reason) => resolve({ code: closeCode, reason: reason.toString() }));
      });
      expect(closed.code).toBe(code);
      expect(closed.reason).not.toBe('');
    },
  );

  it('[G14] with nobody at CivicPress to ask ends with a code that brings it back', async () => {
    await open();
    const token = await townHall.tokenOf('paul');
    townHall.wire.mode = 'error500';
    const paul = enter('noise-bylaw', { token });
    expect((await paul.closed()).code).toBe(4503);
    townHall.wire.mode = 'pass';
    await paul.synced();
  });

  it('[G14] is limited as for everybody', async () => {
    await open({ settings: { 'rate_limiting.connections_per_user': 1 } });
    await (await enterAs('paul')).synced();
    const second = await enterAs('paul');
    expect((await second.closed()).code).toBe(4029);
  });

  it('[G1] at other paths there is nothing', async () => {
    await open();
    for (const path of ['/realtime/records', '/realtime/records/a/b', '/realtime/devices/a', '/records/a']) {
      const ws = new WebSocket(townHall.url.replace('http', 'ws') + path);
      const status = await new Promise((resolve) => {
        ws.on('error', () => undefined);
        ws.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      });
      expect(status, path).toBe(404);
    }
  });
});

describe('what it may not do', () => {
  it('[G15] a reader follows along, and is sent away for typing: nobody would ever see it', async () => {
    await open();
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const rita = await (await enterAs('rita', 'public')).synced();
    alice.type('Noise', '!');
    await rita.sees('Noise!');
    expect(rita.closes).toEqual([]);
    rita.type('Bylaw', ' (Rita was here)');
    expect(await rita.closed()).toMatchObject({ code: 4003 });
    expect(alice.text).not.toContain('Rita');
  });

  it('[G15] whose session ends is sent away at once, and who may only read from now on stays to read', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    const petra = await (await enterAs('petra')).synced();
    townHall.civicpress.revokeSessions('paul');
    townHall.civicpress.setRole('petra', 'public');
    await townHall.server.revoke({ recordId: 'noise-bylaw' });
    expect(await paul.closed()).toMatchObject({ code: 4001 });
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    alice.type('Noise', '!');
    await petra.sees('Noise!');
    expect(petra.closes).toEqual([]);
    petra.type('Bylaw', ' (Petra was here)');
    expect(await petra.closed()).toMatchObject({ code: 4003 });
    expect(alice.text).not.toContain('Petra');
  });

  it('[G15] an edit that cannot be read is answered with a code', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    const frame = createEncoder();
    writeVarUint(frame, 0);
    writeVarUint(frame, 2);
    writeVarUint8Array(frame, Uint8Array.of(1, 2, 3, 4));
    paul.provider.ws?.send(toUint8Array(frame));
    expect((await paul.closed()).code).toBe(4400);
  });

  it('[G15] what is none of its frames ends it', async () => {
    await open();
    const frames = {
      'a token': Uint8Array.of(2, 0, 1, 97),
      'a stateless message': Uint8Array.of(5, 1, 97),
      'a farewell of Hocuspocus': Uint8Array.of(7),
      nothing: new Uint8Array(),
    };
    for (const [what, frame] of Object.entries(frames)) {
      const paul = await (await enterAs('paul')).synced();
      paul.provider.ws?.send(frame);
      expect((await paul.closed()).code, what).toBe(1007);
      paul.leave();
    }
  });

  it('[G15] a room that is closed sends it away with a code that brings it back', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    const closed = townHall.server.openRooms.close('record:noise-bylaw');
    expect((await paul.closed()).code).toBe(4503);
    paul.leave();
    expect(await closed).toBe(true);
  });

  it('[G15] a stop sends it away with a code that brings it back', async () => {
    await open();
    const paul = await (await enterAs('paul')).synced();
    await townHall.server.stop();
    expect((await paul.closed()).code).toBe(4503);
  });
});

describe('its texts', () => {
  async function socketOf(user: string) {
    const token = await townHall.tokenOf(user);
    const ws = new WebSocket(`${townHall.url.replace('http', 'ws')}/realtime/records/noise-bylaw`, [
      `auth.${token}`,
    ]);
    onTestFinished(() => ws.terminate());
    const texts: string[] = [];
    let code = 0;
    ws.on('message', (data, isBinary) => void (isBinary || texts.push(data.toString())));
    ws.on('close', (closeCode) => {
      code = closeCode;
    });
    await until('the socket is open', () => ws.readyState === WebSocket.OPEN);
    return { ws, texts, closeCode: () => code };
  }

  it('[G16] a ping is answered, and a flood of them is not', async () => {
    await open();
    const { ws, texts, closeCode } = await socketOf('paul');
    for (let index = 0; index < 100; index += 1) ws.send('{"type":"ping"}');
    await until('it is answered', () => texts.length > 0);
    expect(JSON.parse(texts[0] as string)).toMatchObject({ type: 'pong', timestamp: expect.any(Number) });
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    alice.type('Noise', '!');
    await alice.saved();
    expect(texts.length).toBeLessThan(20);
    expect(closeCode()).toBe(0);
  });

  it('[G16] who goes on and on with pings is sent away', async () => {
    await open();
    const { ws, closeCode } = await socketOf('paul');
    for (let index = 0; index < 300; index += 1) ws.send('{"type":"ping"}');
    await until('it is closed', () => closeCode() === 4013);
  });

  it('[G16] another text ends it', async () => {
    await open();
    const long = `{"type":"ping","x":"${'a'.repeat(300)}"}`;
    for (const text of ['', 'ping', '{}', 'null', '"ping"', '{"type":"pong"}', long]) {
      const { ws, closeCode } = await socketOf('paul');
      ws.send(text);
      await until(`it is closed for ${text}`, () => closeCode() === 1003);
    }
  });
});

describe('the translation', () => {
  it('finds the record in the path', () => {
    expect(recordIdIn('/realtime/records/a-1', '/realtime')).toBe('a-1');
    expect(recordIdIn('/realtime/record/a-1', '/realtime')).toBe('a-1');
    expect(recordIdIn('/realtime/records/', '/realtime')).toBe('');
    for (const path of [
      '/realtime',
      '/realtime/records',
      '/realtimes/records/a',
      '/records/a',
      '/realtime/records/a/b',
    ]) {
      expect(recordIdIn(path, '/realtime')).toBeNull();
    }
  });

  it('prefers the header to the subprotocol, and that to the query', () => {
    const request = (headers: object, url = '/') => ({ headers, url }) as never;
    const all = { authorization: 'Bearer one', 'sec-websocket-protocol': 'y, auth.two' };
    expect(tokenIn(request(all, '/?token=three'), true)?.token).toBe('one');
    const { authorization: _, ...others } = all;
    expect(tokenIn(request(others, '/?token=three'), true)?.token).toBe('two');
    expect(tokenIn(request({}, '/?token=three'), true)).toEqual({ token: 'three', isInQuery: true });
    expect(tokenIn(request({}, '/?token=three'), false)).toBeNull();
    expect(tokenIn(request({ authorization: 'Basic one' }), true)).toBeNull();
  });

  it('takes the address of one frame off once for everybody', () => {
    const clients = [new PlainClient('a', () => undefined), new PlainClient('a', () => undefined)];
    const frame = (clients[0] as PlainClient).incoming(Buffer.from([0, 2, 1, 9])) as Buffer;
    const [one, other] = clients.map((client) => client.outgoing(frame));
    expect(one).toEqual(Buffer.from([0, 2, 1, 9]));
    expect(other).toBe(one);
  });
});

it('[G16] who is alone and says nothing is not taken for lost', async () => {
  await open();
  const paul = await (await enterAs('paul')).synced();
  paul.provider.awareness.setLocalState(null);
  const heardAt = paul.provider.wsLastMessageReceived;
  await until(
    'a sign of life comes',
    () => paul.provider.wsLastMessageReceived > heardAt + 1_000,
    signOfLifeMs + 15_000,
  );
  expect(paul.closes).toEqual([]);
  // y-websocket comes back anew after 30 s of silence.
  expect(paul.provider.wsLastMessageReceived - heardAt).toBeLessThan(25_000);
}, 60_000);
