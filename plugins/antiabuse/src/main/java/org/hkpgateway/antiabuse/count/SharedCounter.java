package org.hkpgateway.antiabuse.count;

import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

/**
 * Counts for each client with the gateway, so that all its replicas have one count and it
 * outlives this process. Does not block; each stage fails with a
 * {@link org.hkpgateway.sdk.host.HostException} when the gateway does not answer.
 */
public interface SharedCounter {

	/**
	 * Counts, unless that is too many.
	 * @param client the client's name
	 * @param what was done, for a counter of different things; else 0
	 * @param dryRun true: only says what it would say, and changes nothing
	 * @return the limit that this would exceed; null: it is within all of them
	 */
	CompletionStage<@Nullable Excess> count(String client, long what, boolean dryRun);

	/**
	 * A client's block begins: a counter that is to start anew forgets it.
	 * @param client whose name
	 * @return when that is done
	 */
	CompletionStage<@Nullable Void> blocked(String client);

}
