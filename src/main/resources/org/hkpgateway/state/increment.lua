-- ARGV: name; what to add; milliseconds of the window, 0 for none. OK, the sum, and time until the window ends.
local slot, delta = ARGV[4] .. COUNTER, ARGV[5]
local sum, due = find(slot)
if sum then
  local added = redis.pcall('HINCRBY', DATA, slot, delta)
  if type(added) == 'table' then
    return string.find(added.err, 'overflow') and { 'OUT_OF_RANGE', sum } or added
  end
  return { 'OK', redis.call('HGET', DATA, slot), remaining(due) }
elseif delta == '0' then
  return { 'OK', '0', 0 }
end
due = deadline(ARGV[6])
return keep(slot, nil, delta, COUNTER_BYTES, due) or { 'OK', delta, remaining(due) }
