package org.hkpgateway.antiabuse;

import java.time.Duration;

/**
 * What the limiter says of a request.
 */
sealed interface Verdict {

	/** Within every limit. */
	record Pass() implements Verdict {

		static final Pass INSTANCE = new Pass();

	}

	/**
	 * Too many.
	 *
	 * @param remaining how long the client stays blocked, more than zero
	 * @param limit the limit that was exceeded
	 * @param strike how many blocks this client has earned, at least 1
	 * @param begins whether this request began the block: true once for each block
	 */
	record Refused(Duration remaining, String limit, int strike, boolean begins) implements Verdict {
	}

}
