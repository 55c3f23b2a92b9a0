-- A pause before each request, at random up to the argument in milliseconds: then so many requests come as clients
-- want, and not as many as there can be. Latencies do not contain it.
init = function(args)
  local most = tonumber(args[1]) or 0
  if most > 0 then
    delay = function() return math.random(0, most) end
  end
end

-- Prints what wrk measured as one line of JSON. Latencies are in microseconds.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
