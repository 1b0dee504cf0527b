/**
 * What can happen to nodes and to what they share. Each strikes, and resolves when everything is well again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../markdown/helpers/random.ts';
import type { ClusterNode, ClusterSite } from './cluster-site.ts';

export interface Nemesis {
  readonly name: string;
  /** Takes a minute: it is played by `npm run test:cluster` only. */
  readonly isLong?: true;
  strike(town: ClusterSite, victim: ClusterNode, random: Random): Promise<void>;
}

const between = (random: Random, leastMs: number, mostMs: number) =>
  delay(leastMs + random(mostMs - leastMs));

/** Sends the people of a node to another one until it answers again. */
async function whileAway(
  { nodes }: ClusterSite,
  { door, server }: ClusterNode,
  work: () => Promise<unknown>,
) {
  const home = door.target;
  door.target = nodes.find((node) => node.server !== server)?.door.target ?? home;
  await work();
  door.target = home;
}

export const nemeses: readonly Nemesis[] = [
  {
    name: 'one node is killed',
    async strike(town, victim, random) {
      await whileAway(town, victim, async () => {
        await victim.server.end();
        await between(random, 100, 3_000);
        await victim.server.start();
      });
    },
  },
  {
    name: 'all nodes are killed',
    async strike({ nodes }, _victim, random) {
      for (const { server } of nodes) server.kill();
      await Promise.all(nodes.map(({ server }) => server.ended()));
      await between(random, 50, 500);
      await Promise.all(nodes.map(({ server }) => server.start()));
    },
  },
  {
    name: 'one node is stopped in order',
    async strike(town, victim) {
      await whileAway(town, victim, async () => {
        victim.server.signal('SIGTERM');
        await victim.server.ended();
        await victim.server.start();
      });
    },
  },
  {
    name: 'one node sleeps for longer than its leases last',
    async strike(_town, { server }, random) {
      server.signal('SIGSTOP');
      await between(random, 6_500, 8_500);
      server.signal('SIGCONT');
    },
  },
  {
    name: 'Redis is killed',
    async strike({ redis }, _victim, random) {
      await redis.kill();
      await between(random, 200, 4_000);
      await redis.start();
    },
  },
  {
    name: 'Redis does not answer',
    async strike({ redis }, _victim, random) {
      const pauseMs = 1_000 + random(5_000);
      await redis.client.call('CLIENT', 'PAUSE', String(pauseMs), 'ALL');
      await delay(pauseMs);
    },
  },
  {
    name: 'nothing reaches Redis for a minute',
    isLong: true,
    async strike({ nodes }) {
      for (const { line } of nodes) line.mode = 'silent';
      await delay(60_000);
      for (const { line } of nodes) line.mode = 'pass';
    },
  },
  {
    name: 'the line of one node is cut',
    async strike(_town, { line }, random) {
      line.mode = 'cut';
      await between(random, 500, 8_000);
      line.mode = 'pass';
    },
  },
  {
    name: 'the line of one node is dead',
    async strike(_town, { line }, random) {
      line.mode = 'silent';
      await between(random, 500, 8_000);
      line.mode = 'pass';
    },
  },
];
