-- ARGV: name. OK, and how many there were.
local count = 0
for _, kind in ipairs({ VALUE, COUNTER, BUCKET }) do
  if find(ARGV[4] .. kind) then
    remove(ARGV[4] .. kind)
    count = count + 1
  end
end
expire_together()
return { 'OK', count }
