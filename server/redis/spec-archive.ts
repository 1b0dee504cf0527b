/**
 * Keeps in Redis what all nodes know of the specs: a hash with the newest state of each, and a stream of publications
 * whose ids are their numbers.
 */
import type { ArchivedSpecs, SpecArchive, StoredSpec } from '../../extensions/spec-updates/archive.ts';
import type { SpecChange } from '../../extensions/spec-updates/change.ts';
import { newEpoch, type Publication } from '../../extensions/spec-updates/feed.ts';
import type { Logger } from '../ports.ts';
import type { RedisConnections } from './connections.ts';
import { Script } from './script.ts';
import { StreamReader } from './stream-reader.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RedisSpecArchiveOptions {
  readonly connections: RedisConnections;
  readonly subscriptions: Subscriptions;
  readonly keyPrefix: string;
  /** Of the lease under which one node writes. */
  readonly leaseName: string;
  readonly log: Logger;
}

/** So many specs are sent at once. */
const chunkSize = 500;

const fence = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return redis.error_reply('FENCED') end
`;

/** Keys: leases, what is to come. Arguments: lease, token, `1` for the first part, then ids and specs. */
const stage = new Script(`${fence}
if ARGV[3] == '1' then redis.call('DEL', KEYS[2]) end
if #ARGV > 3 then redis.call('HSET', KEYS[2], unpack(ARGV, 4)) end
`);

/**
 * Keys: leases, what is to come, specs, stream, epoch. Arguments: lease, token, epoch. The numbers go on behind those
 * of before, and behind those of a Redis that has lost them: whoever follows sees that something came.
 */
const begin = new Script(`${fence}
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('RENAME', KEYS[2], KEYS[3])
else
  redis.call('DEL', KEYS[3])
end
local time = redis.call('TIME')
local number = time[1] * 1000 + math.floor(time[2] / 1000)
local newest = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
if newest then number = math.max(number, tonumber(string.match(newest[1], '^%d+')) + 1) end
redis.call('XADD', KEYS[4], 'MAXLEN', 1, string.format('%d-0', number), 'epoch', ARGV[3])
redis.call('SET', KEYS[5], ARGV[3])
redis.call('PUBLISH', KEYS[4], '')
`);

/**
 * Keys: leases, specs, stream. Arguments: lease, token, number, oldest number that stays, publication, then ids and
 * specs, empty ones for those that are gone.
 */
const append = new Script(`${fence}
local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
if not newest or tonumber(string.match(newest[1], '^%d+')) + 1 ~= tonumber(ARGV[3]) then
  return redis.error_reply('NOTNEXT')
end
redis.call('XADD', KEYS[3], 'MINID', ARGV[4] .. '-0', ARGV[3] .. '-0', 'publication', ARGV[5])
for index = 6, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[index])
  else
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
  end
end
redis.call('PUBLISH', KEYS[3], '')
`);

export class RedisSpecArchive implements SpecArchive {
  readonly #options: RedisSpecArchiveOptions;

  constructor(options: RedisSpecArchiveOptions) {
    this.#options = options;
  }

  async read(): Promise<ArchivedSpecs | null> {
    const replies = await this.#commands
      .multi()
      .get(this.#key('epoch'))
      .hvals(this.#key('now'))
      .xrange(this.#key('stream'), '-', '+')
      .exec();
    const [epoch, specs, entries] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    }) as [string | null, string[], [string, string[]][]];
    const newest = entries?.at(-1);
    if (!epoch || !newest) return null;
    return {
      epoch,
      newest: Number.parseInt(newest[0], 10),
      specs: specs.map((text) => JSON.parse(text) as StoredSpec),
      history: entries.flatMap(([, [name, text]]) => (name === 'publication' ? [parsed(String(text))] : [])),
    };
  }

  async begin(token: string, specs: readonly StoredSpec[]): Promise<void> {
    const { leaseName } = this.#options;
    const [leases, coming] = [this.#leases, this.#key('coming')];
    for (let start = 0; start === 0 || start < specs.length; start += chunkSize) {
      const stored = specs
        .slice(start, start + chunkSize)
        .flatMap((spec) => [spec.metadata.id, JSON.stringify(spec)]);
      const isFirst = start === 0 ? '1' : '0';
      await stage.run(this.#commands, {
        keys: [leases, coming],
        arguments: [leaseName, token, isFirst, ...stored],
      });
    }
    await begin.run(this.#commands, {
      keys: [leases, coming, this.#key('now'), this.#key('stream'), this.#key('epoch')],
      arguments: [leaseName, token, newEpoch()],
    });
  }

  async append(
    token: string,
    publication: Publication,
    textHashes: ReadonlyMap<string, string>,
    oldest: number,
  ): Promise<void> {
    const stored = publication.changes.flatMap(({ id, metadata }) => {
      const spec: StoredSpec | null = metadata && { metadata, textHash: textHashes.get(id) ?? null };
      return [id, spec ? JSON.stringify(spec) : ''];
    });
    const { leaseName } = this.#options;
    await append.run(this.#commands, {
      keys: [this.#leases, this.#key('now'), this.#key('stream')],
      arguments: [leaseName, token, publication.number, oldest, printed(publication), ...stored],
    });
  }

  follow(onNext: (publication: Publication | null) => Promise<void>): () => void {
    const reader = new StreamReader({
      ...this.#options,
      stream: this.#key('stream'),
      async onEntries(entries) {
        for (const { fields } of entries) {
          const text = fields.get('publication');
          await onNext(text ? parsed(text.toString()) : null);
        }
      },
    });
    return () => reader.stop();
  }

  get #commands() {
    return this.#options.connections.commands;
  }

  get #leases(): string {
    return `${this.#options.keyPrefix}leases`;
  }

  #key(name: string): string {
    return `${this.#options.keyPrefix}specs:${name}`;
  }
}

type PrintedChange = Omit<SpecChange, 'ancestors'> & { readonly ancestors: readonly string[] };

function printed({ changes, ...publication }: Publication): string {
  const told = changes.map((change): PrintedChange => ({ ...change, ancestors: [...change.ancestors] }));
  return JSON.stringify({ ...publication, changes: told });
}

function parsed(text: string): Publication {
  const { changes, ...publication } = JSON.parse(text) as Publication & { changes: PrintedChange[] };
  return {
    ...publication,
    changes: changes.map((change) => ({ ...change, ancestors: new Set(change.ancestors) })),
  };
}
