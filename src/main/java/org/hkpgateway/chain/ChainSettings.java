package org.hkpgateway.chain;

import java.time.Duration;

import org.hkpgateway.plugin.RequestChanges;

/**
 * Bounds of a chain.
 *
 * @param budget the longest that all plugins together may take for one request
 * @param responseBudget the longest that they may hold up the answer to it
 * @param maxBody the most bytes of a body that a plugin puts in the place of another
 * @param maxDelay the longest that a request is held because plugins ask for it; 0 for
 * not at all
 * @param maxDelayed the most requests that are held at a time
 * @param maxDelayedBytes the most bytes of bodies that are in memory because their
 * requests are held
 * @param quotes whether the log may say what plugins in shadow mode have to say, which
 * may name clients
 */
public record ChainSettings(Duration budget, Duration responseBudget, long maxBody, Duration maxDelay, int maxDelayed,
		long maxDelayedBytes, boolean quotes) {

	/** Default of {@link #maxDelay}. */
	public static final Duration DEFAULT_MAX_DELAY = Duration.ofSeconds(30);

	/** Default of {@link #maxDelayed}. */
	public static final int DEFAULT_MAX_DELAYED = 1000;

	/** Default of {@link #maxDelayedBytes}. */
	public static final long DEFAULT_MAX_DELAYED_BYTES = 64 * 1024 * 1024;

	/**
	 * Defaults with budgets.
	 * @param budget the longest that all plugins together may take for one request
	 * @param responseBudget the longest that they may hold up the answer to it
	 * @return settings
	 */
	public static ChainSettings withBudgets(Duration budget, Duration responseBudget) {
		return new ChainSettings(budget, responseBudget, RequestChanges.DEFAULTS.maxBody(), DEFAULT_MAX_DELAY,
				DEFAULT_MAX_DELAYED, DEFAULT_MAX_DELAYED_BYTES, true);
	}

}
