-- Nothing in ARGV. OK, keys, bytes. Removes what has expired, so that a namespace into which nobody writes any more does not
-- look full for ever.
remove_expired(MOST_REMOVED)
return { 'OK', redis.call('HLEN', DATA), redis.call('HGET', META, 'bytes') or '0' }
