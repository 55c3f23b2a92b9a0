-- ARGV: name; value; milliseconds until it expires, 0 for never; the version to be replaced, in as many digits as all
-- have, zeros if there must be none, or nothing for any. OK, then 1 and version and time until it expires if it was
-- stored, else 0 and, if there is another value, the same of that and the value.
local slot, value, expected = ARGV[4] .. VALUE, ARGV[5], ARGV[7]
local content, due = find(slot)
local version = content and string.sub(content, 1, VERSION_DIGITS) or string.rep('0', VERSION_DIGITS)
if expected ~= '' and expected ~= version then
  if not content then
    return { 'OK', 0 }
  end
  return { 'OK', 0, version, remaining(due), string.sub(content, VERSION_DIGITS + 1) }
end
-- Never one that was given out before, even if Redis has lost everything since.
local fresh = integer(math.max(now, tonumber(redis.call('HGET', META, 'version') or 0) + 1))
due = deadline(ARGV[6])
local refused = keep(slot, content, fresh .. value, #value, due)
if refused then
  return refused
end
redis.call('HSET', META, 'version', fresh)
return { 'OK', 1, fresh, remaining(due) }
