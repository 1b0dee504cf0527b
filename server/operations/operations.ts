/**
 * What those who run the server see of it: its health, whether it may be sent visitors, and its metrics.
 *
 * It stands beside everything else: ports, events and the gateway are looked at from outside, and work the same without.
 */
import type { FastifyPluginAsync } from 'fastify';
import type { SpecStatistics } from '../../extensions/spec-updates/statistics.ts';
import type { ErrorCode } from '../errors.ts';
import type { Announcer } from '../events.ts';
import type { Ports } from '../outside.ts';
import type { Logger } from '../ports.ts';
import { Dependencies } from './dependencies.ts';
import { Metrics, type Sights } from './metrics.ts';
import { operationsRoutes, processReport } from './routes.ts';
import { Traffic } from './traffic.ts';
import { watchedPorts } from './watched-ports.ts';

export interface OperationsOptions {
  readonly sights: Pick<Sights, 'sockets' | 'rooms'>;
  /** Unset: the metrics are for this machine. */
  readonly metricsToken: string | undefined;
  readonly log: Logger;
}

type WhenDurable = (documentName: string, then: () => void) => void;

export class Operations {
  readonly metrics: Metrics;
  readonly traffic = new Traffic();
  readonly dependencies: Dependencies;
  readonly routes: FastifyPluginAsync;
  readonly #sights: OperationsOptions['sights'];
  #specs: SpecStatistics | null = null;
  #isStopping = false;

  constructor({ sights, metricsToken, log }: OperationsOptions) {
    this.#sights = sights;
    this.dependencies = new Dependencies(log);
    this.metrics = new Metrics({ ...sights, traffic: this.traffic, dependencies: this.dependencies });
    this.routes = operationsRoutes({
      dependencies: this.dependencies,
      metrics: this.metrics,
      metricsToken,
      counts: () => {
        const rooms = sights.rooms();
        const connections = rooms.reduce((sum, room) => sum + room.connections, 0);
        const counts = { sockets: sights.sockets(), connections, rooms: rooms.length };
        return this.#specs ? { ...counts, specs: this.#specs.toJSON() } : counts;
      },
      isStopping: () => this.#isStopping,
    });
  }

  watching<Watched extends Ports>(ports: Watched): Watched {
    return watchedPorts(ports, this.dependencies, this.metrics);
  }

  counting(announcer: Announcer): Announcer {
    return {
      emit: (name, facts, correlationId) => {
        this.metrics.happened(name);
        announcer.emit(name, facts, correlationId);
      },
    };
  }

  /** Shows what the spec feed has done as well. */
  showSpecs(statistics: SpecStatistics): void {
    this.#specs = statistics;
    this.metrics.watchSpecs(statistics);
  }

  readonly refused = (code: ErrorCode): void => this.metrics.refused(code);

  /** The same, and how long each took. */
  timing(whenDurable: WhenDurable): WhenDurable {
    return (documentName, then) => {
      const since = performance.now();
      whenDurable(documentName, () => {
        this.metrics.acknowledged(performance.now() - since);
        then();
      });
    };
  }

  /** What an operator is shown beside the heads that are counted. */
  async statistics() {
    await this.dependencies.ask();
    const { status: _status, ...about } = processReport();
    const rooms = this.#sights.rooms();
    return {
      ...about,
      sockets: this.#sights.sockets(),
      rooms: rooms.length,
      unsavedRooms: rooms.filter(({ unsavedSince }) => unsavedSince !== null).length,
      traffic: this.traffic.counted(),
      dependencies: this.dependencies.reports(),
    };
  }

  /** From now on nobody is sent here any more. */
  stopping(): void {
    this.#isStopping = true;
  }
}
