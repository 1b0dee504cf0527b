/**
 * Puts an observer between the server and what it asks of the outside. It changes nothing: what a port gives or throws
 * comes through, and the dependencies and the metrics learn from it.
 */
import type { Ports } from '../outside.ts';
import type { Dependencies } from './dependencies.ts';
import type { Metrics, TimedCall } from './metrics.ts';

/** Asked for when nothing else was: no record has this id. */
const nobody = 'readiness-probe';

/** The calls that are timed, by port and method. */
const timedCalls: Readonly<Record<string, TimedCall>> = {
  'journal.append': 'append',
  'snapshots.write': 'snapshot',
  'records.writeDraft': 'draft',
};

export function watchedPorts<Watched extends Ports>(
  ports: Watched,
  dependencies: Dependencies,
  metrics: Metrics,
): Watched {
  const { identity, records, journal, ledger, snapshots } = ports;
  dependencies.add('civicpress', () => records.read(nobody));
  dependencies.add('journal', () => ledger.recall(`record:${nobody}`));
  dependencies.add('snapshots', () => snapshots.list(`record:${nobody}`));

  const watch = <Port extends object>(port: Port, portName: string, dependency: string): Port =>
    observed(port, (method) => {
      const name = `${portName}.${method}`;
      const timed = timedCalls[name];
      return (result, startedAt, args) =>
        void result.then(
          () => {
            dependencies.succeeded(dependency, name, startedAt);
            if (timed) metrics.timed(timed, performance.now() - startedAt);
            if (timed === 'append') metrics.appended((args[1] as unknown[]).length);
            if (timed === 'snapshot') metrics.stored((args[2] as Uint8Array).byteLength);
            if (name === 'snapshots.remove') metrics.removed((args[1] as unknown[]).length);
          },
          (error: unknown) => {
            dependencies.failed(dependency, name, startedAt, error);
            metrics.failed(dependency);
          },
        );
    });
  return {
    ...ports,
    identity: watch(identity, 'identity', 'civicpress'),
    records: watch(records, 'records', 'civicpress'),
    journal: watch(journal, 'journal', 'journal'),
    ledger: watch(ledger, 'ledger', 'journal'),
    snapshots: watch(snapshots, 'snapshots', 'snapshots'),
  };
}

/** Looks at what a call gave, and at when and with what it was made. */
type Observer = (result: Promise<unknown>, startedAt: number, args: readonly unknown[]) => void;

/**
 * The port, with an observer beside each of its methods. What gives no promise is not looked at; one that is looked at
 * is handed on itself, since every edit passes here.
 */
function observed<Port extends object>(port: Port, observerOf: (method: string) => Observer): Port {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const known = methods.get(key);
      if (known) return known;
      const observe = observerOf(String(key));
      const method = (...args: unknown[]) => {
        const startedAt = performance.now();
        const result: unknown = Reflect.apply(value, target, args);
        if (result instanceof Promise) observe(result, startedAt, args);
        return result;
      };
      methods.set(key, method);
      return method;
    },
  });
}
