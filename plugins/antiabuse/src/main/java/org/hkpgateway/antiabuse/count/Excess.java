package org.hkpgateway.antiabuse.count;

import java.time.Duration;

/**
 * A limit has been exceeded.
 *
 * @param limit the limit in words
 * @param untilRoom how long until there is room again, so that a block must not be
 * shorter; zero if the counter starts anew when a block begins
 */
public record Excess(String limit, Duration untilRoom) {
}
