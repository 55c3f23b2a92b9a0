-- ARGV: name; how many tokens; capacity; tokens and microseconds of the refill. OK, 1 or 0, how many are left, and time
-- until there would be enough.
--
-- Computes what Bucket4j does with a bucket that refills greedily. Kept are: tokens, when that was, the part of a token
-- that has flowed back since (of as many parts as the period has microseconds), capacity, and tokens and period of the
-- refill.
local slot, wanted = ARGV[4] .. BUCKET, tonumber(ARGV[5])
local capacity, refill, period = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local LONGEST = 315360000000000

local function refilled(tokens, part, elapsed, capacity, refill, period)
  if elapsed > period then
    tokens = tokens + (elapsed - math.fmod(elapsed, period)) / period * refill
    elapsed = math.fmod(elapsed, period)
  end
  local parts = refill * elapsed + part
  local rest = math.fmod(parts, period)
  tokens = tokens + (parts - rest) / period
  if tokens >= capacity then
    return capacity, 0
  end
  return tokens, rest
end

local found = find(slot)
local tokens, part, last, same = capacity, 0, now, false
if found then
  local kept = {}
  for number in string.gmatch(found, '%d+') do
    kept[#kept + 1] = tonumber(number)
  end
  last = math.max(now, kept[2])
  tokens, part = refilled(kept[1], kept[3], last - kept[2], kept[4], kept[5], kept[6])
  same = capacity == kept[4] and refill == kept[5] and period == kept[6]
  if tokens >= capacity then
    tokens, part = capacity, 0
  elseif not same then
    part = math.min(math.floor(period / kept[6]) * part, period - 1)
  end
elseif wanted == 0 then
  return { 'OK', 1, integer(tokens), 0 }
end

local function time_until(many)
  return math.min(math.ceil(((many - tokens) * period - part) / refill), LONGEST)
end

local taken, wait = 1, 0
if wanted <= tokens then
  tokens = tokens - wanted
else
  taken, wait = 0, time_until(wanted)
end
-- Who only looks changes nothing, and who is refused neither: attackers cause no writes.
if not same or (taken == 1 and wanted > 0) then
  if found and tokens == capacity then
    remove(slot)
    expire_together()
  else
    local content = table.concat({ integer(tokens), integer(last), integer(part), integer(capacity), integer(refill),
      integer(period) }, ' ')
    -- From when it must be full again it is as good as a new one.
    local refused = keep(slot, found, content, BUCKET_BYTES, now + time_until(capacity))
    if refused then
      return refused
    end
  end
end
return { 'OK', taken, integer(tokens), wait }
