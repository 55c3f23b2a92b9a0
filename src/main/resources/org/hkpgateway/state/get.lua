-- ARGV: name. OK, and if there is a value: version, time until it expires, the value.
local content, due = find(ARGV[4] .. VALUE)
if not content then
  return { 'OK' }
end
return { 'OK', string.sub(content, 1, VERSION_DIGITS), remaining(due), string.sub(content, VERSION_DIGITS + 1) }
