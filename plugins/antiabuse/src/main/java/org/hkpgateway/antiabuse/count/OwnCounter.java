package org.hkpgateway.antiabuse.count;

import org.jspecify.annotations.Nullable;

/**
 * Counts for each client in the memory of this process, which is bounded. Safe for any
 * number of threads; does not block for long.
 */
public interface OwnCounter {

	/**
	 * Counts, unless that is too many.
	 * @param client who did it
	 * @param what was done, for a counter of different things; else 0
	 * @param dryRun true: only says what it would say, and changes nothing
	 * @return the limit that this would exceed; null: it is within all of them
	 */
	@Nullable Excess count(ClientKey client, long what, boolean dryRun);

	/**
	 * A client's block begins: a counter that is to start anew forgets it.
	 * @param client whose
	 */
	void blocked(ClientKey client);

	/**
	 * Forgets a client.
	 * @param client whose block somebody else has now, with the right to lift it
	 */
	void forget(ClientKey client);

	/**
	 * How many clients are counted.
	 * @return an estimate
	 */
	long clients();

	/** Does all upkeep that is due, for tests. */
	void cleanUp();

}
