/**
 * Compares the events that arrived with what people did: what is missing, out of order, told twice or invented?
 */

export interface Arrived {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly correlationId: string;
  readonly data: { readonly roomId: string; readonly recordId: string; readonly version?: number };
}

/** Somebody in a room; times in ms since the epoch. */
export interface Visit {
  readonly record: string;
  /** They saw the document then. */
  readonly cameAt: number;
  /** `null` for who was still there when the server was killed. */
  leftAt: number | null;
}

/** From a start of the server to its kill. */
export interface Life {
  readonly from: number;
  to: number;
  readonly visits: Visit[];
}

export interface Version {
  readonly revision: number;
  readonly at: number;
}

export interface Evidence {
  readonly arrived: readonly Arrived[];
  readonly lives: readonly Life[];
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  readonly dead: number;
}

/** An event is on the disk so long after it happened; a kill within that may take it along. */
const settledMs = 1_000;

export function faultsOf({ arrived, lives, versions, dead }: Evidence): string[] {
  const faults: string[] = [];
  if (dead > 0) faults.push(`${dead} events were given up`);
  const ids = new Set(arrived.map(({ id }) => id));
  if (ids.size < arrived.length) faults.push(`${arrived.length - ids.size} events came twice`);
  for (const [record, kept] of versions) {
    const events = arrived.filter(({ data }) => data.recordId === record);
    const of = (name: string) => events.filter(({ event }) => event === name);
    const times = events.map(({ timestamp }) => Date.parse(timestamp));
    if (times.some((time, index) => index > 0 && time < (times[index - 1] as number)))
      faults.push(`${record}: events came out of order`);
    for (const [index, life] of lives.entries()) {
      const within = ({ timestamp }: Arrived) =>
        Date.parse(timestamp) >= life.from && Date.parse(timestamp) < life.to;
      const visits = life.visits.filter((visit) => visit.record === record);
      const came = of('realtime:client:connected').filter(within);
      const left = of('realtime:client:disconnected').filter(within);
      const where = `${record}, life ${index + 1}`;
      const isSettled = (at: number | null) => at !== null && at + settledMs < life.to;
      compare(`${where}: people who came`, came.length, visits, ({ cameAt }) => isSettled(cameAt));
      const gone = visits.filter(({ leftAt }) => leftAt !== null);
      compare(`${where}: people who left`, left.length, gone, ({ leftAt }) => isSettled(leftAt));
      const coming = new Set(came.map(({ correlationId }) => correlationId));
      if (left.some(({ correlationId }) => !coming.has(correlationId)))
        faults.push(`${where}: somebody left who had not come`);
      faults.push(...roomFaultsOf(where, events.filter(within)));
    }
    const told = of('realtime:snapshot:saved').map(({ data }) => data.version as number);
    const known = new Set(kept.map(({ revision }) => revision));
    if (told.some((version, index) => index > 0 && version <= (told[index - 1] as number)))
      faults.push(`${record}: versions came out of order: ${told.join()}`);
    const invented = told.filter((version) => !known.has(version));
    if (invented.length > 0 && of('realtime:snapshot:pruned').length === 0)
      faults.push(`${record}: versions that there are not: ${invented.join()}`);
    const isLost = ({ revision, at }: Version) =>
      !told.includes(revision) && lives.every(({ to }) => at < to - settledMs || at > to);
    const lost = kept.filter(isLost).map(({ revision }) => revision);
    if (lost.length > 0) faults.push(`${record}: versions that were not told: ${lost.join()}`);
  }
  return faults;

  function compare(what: string, told: number, all: readonly Visit[], isCertain: (visit: Visit) => boolean) {
    const least = all.filter(isCertain).length;
    if (told < least || told > all.length)
      faults.push(`${what}: ${told} told, ${least} to ${all.length} there were`);
  }
}

/** A room opens before anything happens in it, and closes before it opens again; old versions go without one. */
function roomFaultsOf(where: string, events: readonly Arrived[]): string[] {
  let isOpen = false;
  for (const { event, timestamp } of events) {
    if (/:(?:pruned|expired)$/.test(event)) continue;
    const opens = event === 'realtime:room:created';
    if (opens === isOpen)
      return [`${where}: ${event} at ${timestamp} in a room that is ${isOpen ? '' : 'not '}open`];
    if (opens) isOpen = true;
    if (event === 'realtime:room:destroyed') isOpen = false;
  }
  return [];
}
