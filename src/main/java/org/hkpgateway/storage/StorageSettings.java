package org.hkpgateway.storage;

import java.time.Duration;

/**
 * What queries may take.
 *
 * @param cacheBytes about how much memory kept answers take together; 0: none is kept
 * @param cacheTtl how long an answer is kept, positive
 * @param timeout the longest to wait for an answer, positive
 * @param maxAnswer most bytes of an answer of the keyserver, and of a key in a stream
 * @param connectTimeout the longest to wait for a connection, positive
 */
public record StorageSettings(long cacheBytes, Duration cacheTtl, Duration timeout, int maxAnswer,
		Duration connectTimeout) {
}
