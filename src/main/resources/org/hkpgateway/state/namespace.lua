-- What the operations on a plugin's namespace share; each is this file and its own after it.
--
-- KEYS, all in one slot of a cluster:
--   data   hash: what is kept by slot; a slot is a name, a zero byte, and 0 for a value, 1 for a counter, 2 for a bucket
--   due    sorted set: slots by when they expire; a slot that never does is not in it
--   names  sorted set: all slots in the order of their names
--   meta   hash: bytes, what is kept takes of the quota; version, the last one that was given out
-- ARGV: the time, or 0 for the server's; most keys; most bytes; then the operation's own.
-- Times are microseconds since 1970 on the server's clock, so those of replicas need not agree. They and all other numbers
-- stay below 2^53, which Lua counts to without loss, except sums of counters: those are left to HINCRBY.
--
-- Answers begin with OK, QUOTA (then keys and bytes as they would be), AGAIN (expired slots were removed, and there are more
-- of them: nothing else was done) or OUT_OF_RANGE (then the sum that stays).
local DATA, DUE, NAMES, META = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local VALUE, COUNTER, BUCKET = '\0000', '\0001', '\0002'
local COUNTER_BYTES, BUCKET_BYTES = 8, 64
-- Digits of the version before each value.
local VERSION_DIGITS = 16
-- So many are removed at a time: Redis does nothing else meanwhile.
local MOST_REMOVED = 1000

local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function integer(number)
  return string.format('%.0f', number)
end

local function size(slot)
  local kind, name_bytes = string.sub(slot, -2), #slot - 2
  if kind == COUNTER then
    return name_bytes + COUNTER_BYTES
  elseif kind == BUCKET then
    return name_bytes + BUCKET_BYTES
  end
  return name_bytes + redis.call('HSTRLEN', DATA, slot) - VERSION_DIGITS
end

local function remove(slot)
  redis.call('HINCRBY', META, 'bytes', -size(slot))
  redis.call('HDEL', DATA, slot)
  redis.call('ZREM', DUE, slot)
  redis.call('ZREM', NAMES, slot)
end

local function remove_expired(most)
  local expired = redis.call('ZRANGEBYSCORE', DUE, '-inf', integer(now), 'LIMIT', 0, most)
  for _, slot in ipairs(expired) do
    remove(slot)
  end
  return #expired
end

-- What is kept, and when it expires; nil for never.
local function find(slot)
  local content = redis.call('HGET', DATA, slot)
  if not content then
    return nil, nil
  end
  local due = tonumber(redis.call('ZSCORE', DUE, slot) or nil)
  if due and due <= now then
    remove(slot)
    return nil, nil
  end
  return content, due
end

-- At least a millisecond; 0 for what never expires.
local function remaining(due)
  return due and math.max(due - now, 1000) or 0
end

local function deadline(milliseconds)
  milliseconds = tonumber(milliseconds)
  return milliseconds > 0 and now + milliseconds * 1000 or nil
end

-- nil if there is room for so many more.
local function refusal(more_keys, more_bytes)
  local keys = redis.call('HLEN', DATA) + more_keys
  local bytes = tonumber(redis.call('HGET', META, 'bytes') or 0) + more_bytes
  if (more_keys > 0 and keys > tonumber(ARGV[2])) or (more_bytes > 0 and bytes > tonumber(ARGV[3])) then
    if remove_expired(MOST_REMOVED) > 0 then
      return { 'AGAIN' }
    end
    return { 'QUOTA', integer(keys), integer(bytes) }
  end
  return nil
end

-- Nothing outlives the last of its slots for longer than a minute, even if nobody comes back. Within that minute the clock
-- goes past the last version.
local function expire_together()
  local many = redis.call('HLEN', DATA)
  if many == 0 then
    redis.call('PEXPIREAT', META, integer(math.ceil(now / 1000) + 60000))
  elseif redis.call('ZCARD', DUE) < many then
    for _, key in ipairs(KEYS) do
      redis.call('PERSIST', key)
    end
  else
    local last = tonumber(redis.call('ZREVRANGE', DUE, 0, 0, 'WITHSCORES')[2])
    for _, key in ipairs(KEYS) do
      redis.call('PEXPIREAT', key, integer(math.ceil(last / 1000) + 60000))
    end
  end
end

-- Keeps it in place of what was found there, if anything. Returns an answer if it must not.
local function keep(slot, found, content, bytes, due)
  local more_bytes = #slot - 2 + bytes - (found and size(slot) or 0)
  local refused = refusal(found and 0 or 1, more_bytes)
  if refused then
    return refused
  end
  redis.call('HSET', DATA, slot, content)
  redis.call('HINCRBY', META, 'bytes', more_bytes)
  if not found then
    redis.call('ZADD', NAMES, 0, slot)
  end
  if due then
    redis.call('ZADD', DUE, integer(due), slot)
  else
    redis.call('ZREM', DUE, slot)
  end
  -- More than are added, so that what has expired does not pile up.
  remove_expired(10)
  expire_together()
  return nil
end
