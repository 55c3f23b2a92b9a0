-- KEYS: sorted set of replicas by when they were last seen. ARGV: this one; milliseconds after which one that is silent is
-- gone. How many there are.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], 60000)
return { redis.call('ZCARD', KEYS[1]) }
