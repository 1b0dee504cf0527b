/**
 * What Redis does for the journal in one step each. All keys have one hash tag, so that they are in one place of a
 * Redis Cluster.
 */
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

/**
 * Keys: stream, ledger, documents. Arguments: document, channel, node, beginning that the writer knows (`*`: any),
 * new beginning and its entry, or two empty ones, further entries. Returns the id. Followers are told the id, the one
 * before it, and who appended what.
 */
export const appendScript = new Script(`
local stream, ledger, documents = KEYS[1], KEYS[2], KEYS[3]
local document, channel, node, known, beginning, seed, entries = unpack(ARGV)
local begun, last = unpack(redis.call('HMGET', ledger, 'begun', 'last'))
begun, last = begun or '', last or ''
if beginning ~= '' and beginning == begun then
  seed = ''
elseif known ~= '*' and known ~= begun then
  return redis.error_reply('BEGUN anew')
end
if seed == '' and entries == '' then return last end
local id
if seed == '' then
  id = redis.call('XADD', stream, '*', 'node', node, 'entries', entries)
else
  id = redis.call('XADD', stream, '*', 'node', node, 'seed', seed, 'entries', entries)
  redis.call('HSET', ledger, 'begun', beginning)
end
redis.call('HSET', ledger, 'last', id)
redis.call('SADD', documents, document)
local head = id .. ' ' .. last .. ' ' .. node .. ' '
if seed == '' and #entries <= ${longestPublished} then head = head .. entries end
redis.call('PUBLISH', channel, head)
return id
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
