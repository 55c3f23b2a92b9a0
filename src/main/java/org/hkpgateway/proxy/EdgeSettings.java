package org.hkpgateway.proxy;

import java.time.Duration;
import java.util.List;

import io.netty.util.internal.PlatformDependent;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * {@code hkp.edge}: limits of the public port.
 *
 * @param allowedHosts names under which the gateway serves, for example
 * {@code keys.example.org} or {@code *.pool.example}; others are answered 421, except
 * hashqueries and {@code /pks/health}; empty for any
 * @param hsts Strict-Transport-Security for clients that speak TLS: {@code off}, or its
 * max-age, perhaps followed by {@code include-subdomains}, for example {@code 365d}
 * @param maxBody largest request body; larger ones are answered 413
 * @param maxBufferedBytes most bytes of request bodies held in memory at a time, all
 * requests together, but never more than a quarter of Java's direct memory; when used up
 * the answer is 429 with Retry-After
 * @param maxHeaderBytes largest request head, of HTTP/2 as HTTP/1 would write it; longer
 * ones are answered 431, or 414 if the request line alone is longer; also bounds trailers
 * and chunk extensions
 * @param requestHeadTimeout longest time from the first byte of a request's head to its
 * end; then 408
 * @param idleTimeout how long a connection may be silent between requests, and within a
 * body while the gateway waits for it
 * @param minBodyRate how fast a request body must come, in bytes a second, after a grace
 * of ten seconds; else 408; 0 for any
 * @param minResponseRate how fast an answer must be taken, in bytes a second, after a
 * grace of {@code idle-timeout}; else the connection is reset; 0 for any
 * @param maxConnections most connections at a time; more are reset
 * @param maxConnectionsPerAddress most connections at a time of one client, which is an
 * IPv4 address or a /64 of IPv6; trusted proxies may have any number
 * @param maxNewConnectionsPerAddress how many connections one client, which is an IPv4
 * address or a /64 of IPv6, may open at once, and again, steadily, within each
 * {@code new-connections-window}; more are reset; trusted proxies may open any number; 0
 * for any
 * @param newConnectionsWindow the time for {@code max-new-connections-per-address}
 * @param maxRequestsPerAddress most requests of one such client in flight at a time, over
 * all its connections, over HTTP/2 until the stream ends; more are answered 429
 */
public record EdgeSettings(@DefaultValue List<String> allowedHosts, @DefaultValue("off") String hsts,
		@DefaultValue("16MB") DataSize maxBody, @DefaultValue("256MB") DataSize maxBufferedBytes,
		@DefaultValue("16KB") DataSize maxHeaderBytes, @DefaultValue("5s") Duration requestHeadTimeout,
		@DefaultValue("60s") Duration idleTimeout, @DefaultValue("1KB") DataSize minBodyRate,
		@DefaultValue("1KB") DataSize minResponseRate, @DefaultValue("10000") int maxConnections,
		@DefaultValue("80") int maxConnectionsPerAddress, @DefaultValue("0") int maxNewConnectionsPerAddress,
		@DefaultValue("10s") Duration newConnectionsWindow, @DefaultValue("80") int maxRequestsPerAddress) {

	private static final long HIGHEST_RATE = DataSize.ofGigabytes(1).toBytes();

	private static final int MOST_NEW = 1_000_000;

	private static final Duration SHORTEST_WINDOW = Duration.ofSeconds(1);

	private static final Duration LONGEST_WINDOW = Duration.ofHours(1);

	public EdgeSettings {
		allowedHosts = List.copyOf(allowedHosts);
		new AllowedHosts(allowedHosts);
		hsts = (StrictTransport.parse(hsts).value() != null) ? hsts : "off";
		Checks.that(maxBody.toBytes() > 0 && maxBody.toBytes() <= Integer.MAX_VALUE, "hkp.edge.max-body",
				"1B to 2047MB", maxBody);
		Checks.that(maxBufferedBytes.toBytes() >= maxBody.toBytes(), "hkp.edge.max-buffered-bytes",
				"at least hkp.edge.max-body, " + maxBody, maxBufferedBytes);
		Checks.that(maxHeaderBytes.toBytes() >= 1024 && maxHeaderBytes.toBytes() <= 1024 * 1024,
				"hkp.edge.max-header-bytes", "1KB to 1MB", maxHeaderBytes);
		Checks.timeout("hkp.edge.request-head-timeout", requestHeadTimeout);
		Checks.timeout("hkp.edge.idle-timeout", idleTimeout);
		rate("hkp.edge.min-body-rate", minBodyRate);
		rate("hkp.edge.min-response-rate", minResponseRate);
		Checks.that(maxConnections > 0, "hkp.edge.max-connections", "a number above 0", maxConnections);
		Checks.that(maxConnectionsPerAddress > 0, "hkp.edge.max-connections-per-address", "a number above 0",
				maxConnectionsPerAddress);
		Checks.that(maxNewConnectionsPerAddress >= 0 && maxNewConnectionsPerAddress <= MOST_NEW,
				"hkp.edge.max-new-connections-per-address", "0 to " + MOST_NEW, maxNewConnectionsPerAddress);
		Checks.that(
				newConnectionsWindow.compareTo(SHORTEST_WINDOW) >= 0
						&& newConnectionsWindow.compareTo(LONGEST_WINDOW) <= 0,
				"hkp.edge.new-connections-window", "a duration of 1s to 1h", newConnectionsWindow);
		Checks.that(maxRequestsPerAddress > 0, "hkp.edge.max-requests-per-address", "a number above 0",
				maxRequestsPerAddress);
	}

	/**
	 * How much memory bodies that are held may take together: {@code max-buffered-bytes},
	 * but never more than a quarter of direct memory.
	 * @return bytes
	 */
	public long bufferBudget() {
		return Math.min(this.maxBufferedBytes.toBytes(), PlatformDependent.maxDirectMemory() / 4);
	}

	private static void rate(String key, DataSize value) {
		Checks.that(value.toBytes() >= 0 && value.toBytes() <= HIGHEST_RATE, key, "0B to 1GB (a second)", value);
	}

}
