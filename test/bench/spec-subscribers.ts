/**
 * As little of a subscriber as it takes to be told of specs, on each transport: cheap enough to run thousands of them.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { LightClient } from './light-client.ts';
import type { Site } from './site.ts';

export interface SpecSubscriber {
  /** Called with whatever the server sends, as text. */
  onText: (text: string) => void;
  leave(): void;
}

export const transports = ['WebSocket', 'server-sent events', 'Socket.IO'] as const;
export type BenchTransport = (typeof transports)[number];

export const subscribe: Record<BenchTransport, (site: Site) => Promise<SpecSubscriber>> = {
  async WebSocket({ server, token }) {
    const client = await LightClient.join(server.port, 'spec-updates', token);
    const subscriber: SpecSubscriber = { onText: () => undefined, leave: () => client.leave() };
    client.onFrame = (frame) => {
      if (client.isStateless(frame)) subscriber.onText(frame.toString('latin1'));
    };
    client.sendStateless('{"event":"subscribe"}');
    return subscriber;
  },

  async 'server-sent events'({ server, token }) {
    const asked = request(`http://127.0.0.1:${server.port}/api/events/specs`, {
      agent: false,
      headers: { authorization: `Bearer ${token}` },
    });
    asked.on('error', () => undefined);
    asked.end();
    const [response] = await once(asked, 'response');
    if (response.statusCode !== 200) throw new Error(`a stream was answered with ${response.statusCode}`);
    const subscriber: SpecSubscriber = { onText: () => undefined, leave: () => void asked.destroy() };
    response.on('error', () => undefined);
    response.setEncoding('latin1').on('data', (text: string) => subscriber.onText(text));
    return subscriber;
  },

  async 'Socket.IO'({ server, token }) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
    const subscriber: SpecSubscriber = { onText: () => undefined, leave: () => socket.terminate() };
    const subscribed = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        const text = data.toString('latin1');
        if (text === '2') socket.send('3');
        else if (text.startsWith('0')) socket.send(`40/specs,${JSON.stringify({ token })}`);
        else if (text.startsWith('40/specs')) socket.send('42/specs,0["subscribe"]');
        else if (text.startsWith('43/specs,0')) resolve();
        else subscriber.onText(text);
      });
    });
    await subscribed;
    return subscriber;
  },
};
