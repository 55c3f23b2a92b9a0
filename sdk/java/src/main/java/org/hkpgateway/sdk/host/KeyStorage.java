package org.hkpgateway.sdk.host;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The keys of the keyserver, or what the gateway has kept of it for up to a minute;
 * before the keyserver comes a plugin that has keys itself. Such a query is no request:
 * plugins do not see it. Nothing blocks. Needs the grant {@code storage.query}.
 * Thread-safe.
 */
public interface KeyStorage {

	/**
	 * Asks for a page of keys.
	 * @param query what is asked; no key found is an empty page
	 * @return within five seconds, or fails with a {@link HostException}:
	 * {@code UNAVAILABLE} when the keyserver does not answer as it should, {@code QUOTA}
	 * when the answer is too large or too many ask, {@code INVALID} when the query is not
	 * as it should be
	 */
	CompletionStage<KeyPage> query(KeyQuery query);

	/**
	 * Asks for a page of keys, for a request that does not wait for five seconds.
	 * @param query what is asked
	 * @param limit how long it may take, as {@code request.deadline().remaining()}; more
	 * than five seconds are five
	 * @return as {@link #query(KeyQuery)}, and {@code UNAVAILABLE} beyond the limit
	 */
	CompletionStage<KeyPage> query(KeyQuery query, Duration limit);

	/**
	 * Asks for all keys of a query, one after the other, as they come from the keyserver.
	 * No more than a few wait here: the next one is taken when the reader is done with
	 * the one before. The reader runs on a thread of the SDK, where it may block, for 30
	 * s at most, after which the gateway gives up. The gateway runs 16 such queries at a
	 * time.
	 * @param query what is asked; offset and limit are ignored
	 * @param limit how long all of it may take
	 * @param reader gets the keys; what it throws ends the query
	 * @return how many there were; fails with what the reader has thrown, or a
	 * {@link HostException} as {@link #query(KeyQuery)}
	 */
	CompletionStage<Long> stream(KeyQuery query, Duration limit, Reader<KeyInfo> reader);

}
