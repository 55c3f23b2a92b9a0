package org.hkpgateway.plugin;

import java.time.Duration;

/**
 * How long the calls of about the last minute took, from the moment a plugin was asked to
 * its answer, its failure or the deadline. Calls that were never made (breaker open, no
 * place left) and calls that the client gave up are not among them.
 *
 * @param calls how many there were
 * @param mean zero if there were none
 * @param max the longest; zero if there were none
 */
public record LatencyStatus(int calls, Duration mean, Duration max) {

	/** No call was made. */
	public static final LatencyStatus NONE = new LatencyStatus(0, Duration.ZERO, Duration.ZERO);

}
