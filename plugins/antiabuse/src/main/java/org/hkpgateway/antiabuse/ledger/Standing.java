package org.hkpgateway.antiabuse.ledger;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What there is against a client.
 */
public sealed interface Standing {

	/** {@link Clear}, as most ledgers say at once: may be compared by identity. */
	CompletionStage<Standing> CLEAR = CompletableFuture.completedFuture(new Clear());

	/** Nothing. */
	record Clear() implements Standing {
	}

	/**
	 * A block.
	 *
	 * @param rule the rule that blocked it
	 * @param limit the limit that was exceeded, in words
	 * @param strike how many blocks this client has earned by that rule, at least 1
	 * @param remaining how long it stays blocked, more than zero
	 * @param begins whether the block began now: true once for each block
	 */
	record Blocked(String rule, String limit, int strike, Duration remaining, boolean begins) implements Standing {
	}

}
