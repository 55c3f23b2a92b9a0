-- ARGV: most slots; most bytes of each value. OK, keys, bytes, and for each slot: slot, bytes, time until it expires, and the
-- beginning of a value, the sum of a counter, or nothing.
if remove_expired(MOST_REMOVED) == MOST_REMOVED then
  return { 'AGAIN' }
end
local answer = { 'OK', redis.call('HLEN', DATA), redis.call('HGET', META, 'bytes') or '0' }
for _, slot in ipairs(redis.call('ZRANGE', NAMES, 0, ARGV[4] - 1)) do
  local kind, content = string.sub(slot, -2), ''
  if kind == VALUE then
    content = string.sub(redis.call('HGET', DATA, slot), VERSION_DIGITS + 1, VERSION_DIGITS + ARGV[5])
  elseif kind == COUNTER then
    content = redis.call('HGET', DATA, slot)
  end
  local due = tonumber(redis.call('ZSCORE', DUE, slot) or nil)
  answer[#answer + 1] = { slot, size(slot), remaining(due), content }
end
return answer
