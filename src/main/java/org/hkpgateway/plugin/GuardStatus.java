package org.hkpgateway.plugin;

/**
 * The guards of one plugin process in one phase at one moment; while calls come and go,
 * its parts may be a moment apart.
 *
 * @param breaker the circuit breaker
 * @param latency how long the latest calls took
 * @param callsInFlight calls that have begun and not ended
 * @param maxCalls how many of them there may be
 */
public record GuardStatus(BreakerStatus breaker, LatencyStatus latency, int callsInFlight, int maxCalls) {
}
