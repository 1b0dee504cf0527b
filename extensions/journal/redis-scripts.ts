/**
 * What Redis does for the journal in one step each. All keys have one hash tag, so that they are in one place of a
 * Redis Cluster.
 */
import { hash } from 'node:crypto';
import { Script } from '../../server/redis/script.ts';

/** Longer ones are fetched by whoever follows: what waits for a slow subscriber is kept in Redis' memory. */
const longestPublished = 65_536;

/** A holder that lost its lease, and does not know it yet, changes nothing any more. */
const fence = `
local function isFenced(leases, name, token)
  if token == '' then return false end
  return redis.call('HGET', leases, name) ~= token
end
`;

/** Of a stream: where followers hear of it. Short, as it goes along with every edit to every node. */
export function channelOf(stream: string): string {
  return hash('sha1', stream).slice(0, channelLength);
}
const channelLength = 16;

/** Of the id before the one that is told; enough to tell it from any other that a follower may have seen last. */
export const beforeLength = 9;

/** Followers are told the id, the end of the one before it, and who appended what. */
const add = `
local function add(stream, newest, begun, node, seed, entries)
  local id
  if seed == '' then
    id = redis.call('XADD', stream, '*', 'begun', begun, 'node', node, 'entries', entries)
  else
    id = redis.call('XADD', stream, '*', 'begun', begun, 'node', node, 'seed', seed, 'entries', entries)
  end
  local before = newest and string.sub(newest[1], -${beforeLength}) or ''
  local told = id .. ' ' .. before .. ' ' .. node .. ' '
  if seed == '' and #entries <= ${longestPublished} then told = told .. entries end
  redis.call('PUBLISH', string.sub(redis.sha1hex(stream), 1, ${channelLength}), told)
  return id
end
`;

/**
 * What nearly every edit costs. Keys: stream. Arguments: node, beginning that the writer knows, entries. Returns the id,
 * or nothing where the newest entry does not tell that the document has this beginning.
 */
export const appendScript = new Script(`${add}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest or newest[2][1] ~= 'begun' or newest[2][2] ~= ARGV[2] then return false end
return add(KEYS[1], newest, ARGV[2], ARGV[1], '', ARGV[3])
`);

/**
 * The same for a beginning, or where it is not known. Keys: stream, ledger, documents. Arguments: document, node,
 * beginning that the writer knows (`*`: any), new beginning and its entry, or two empty ones, further entries. Returns
 * the id and the beginning.
 */
export const beginScript = new Script(`${add}
local stream, ledger, documents = KEYS[1], KEYS[2], KEYS[3]
local document, node, known, beginning, seed, entries = unpack(ARGV)
local begun = redis.call('HGET', ledger, 'begun') or ''
if beginning ~= '' and beginning == begun then
  seed = ''
elseif known ~= '*' and known ~= begun then
  return redis.error_reply('BEGUN anew')
end
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if seed == '' and entries == '' then return { newest and newest[1] or '', begun } end
if seed ~= '' then
  begun = beginning
  redis.call('HSET', ledger, 'begun', begun)
end
redis.call('SADD', documents, document)
return { add(stream, newest, begun, node, seed, entries), begun }
`);

/** Keys: stream, ledger, leases. Arguments: document, token, id, the id behind it. */
export const trimScript = new Script(`${fence}
local stream, ledger, leases = KEYS[1], KEYS[2], KEYS[3]
local document, token, through, behind = unpack(ARGV)
if isFenced(leases, document, token) then return redis.error_reply('FENCED') end
redis.call('XTRIM', stream, 'MINID', behind)
redis.call('HSET', ledger, 'trimmed', through)
`);

/** Keys: ledger, leases, documents. Arguments: document, token, then fields and values. */
export const noteScript = new Script(`${fence}
local ledger, leases, documents = KEYS[1], KEYS[2], KEYS[3]
if isFenced(leases, ARGV[1], ARGV[2]) then return redis.error_reply('FENCED') end
redis.call('SADD', documents, ARGV[1])
redis.call('HSET', ledger, unpack(ARGV, 3))
`);
