package org.hkpgateway.proxy;

import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;

import reactor.netty.resources.ConnectionPoolMetrics;
import reactor.netty.resources.ConnectionProvider;

/**
 * The connections to one keyserver, of which each event loop has a pool. Thread-safe,
 * never blocks.
 */
final class UpstreamPool implements ConnectionProvider.MeterRegistrar {

	private final Set<ConnectionPoolMetrics> pools = ConcurrentHashMap.newKeySet();

	@Override
	public void registerMetrics(String poolName, String id, SocketAddress remoteAddress,
			ConnectionPoolMetrics metrics) {
		this.pools.add(metrics);
	}

	UpstreamStatus.Pool status(int max) {
		return new UpstreamStatus.Pool(sum(ConnectionPoolMetrics::acquiredSize), sum(ConnectionPoolMetrics::idleSize),
				sum(ConnectionPoolMetrics::pendingAcquireSize), max);
	}

	private int sum(ToIntFunction<ConnectionPoolMetrics> size) {
		return this.pools.stream().mapToInt(size).sum();
	}

}
