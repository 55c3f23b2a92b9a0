package org.hkpgateway.plugin;

/**
 * A circuit breaker at one moment.
 *
 * @param state its state
 * @param failureRate percent of the counted calls that failed; -1 while there are too few
 * to judge
 * @param slowCallRate percent of the counted calls that were slow; -1 while there are too
 * few to judge
 * @param bufferedCalls calls that count at the moment
 * @param notPermittedCalls calls refused since the breaker last opened or half-opened
 */
public record BreakerStatus(BreakerState state, float failureRate, float slowCallRate, int bufferedCalls,
		long notPermittedCalls) {
}
