package org.hkpgateway.host;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.grpc.netty.NettyServerBuilder;

/**
 * What one process, or all remote plugins together, may demand of the host.
 *
 * @param messageBytes largest message it may send
 * @param metadataBytes largest metadata of a call
 * @param callsPerConnection most calls at once on one connection; more wait
 * @param connections most connections at once; more are closed at once
 * @param handshake a connection on which HTTP/2 has not begun by then is closed
 * @param idle after so long without a call a connection is closed; clients reconnect by
 * themselves
 * @param keepAlive after so long without a sign of life the peer is asked for one
 * @param keepAliveTimeout without an answer for so long the connection is closed
 */
record HostLimits(int messageBytes, int metadataBytes, int callsPerConnection, int connections, Duration handshake,
		Duration idle, Duration keepAlive, Duration keepAliveTimeout) {

	/**
	 * What a connection may send before the gateway has looked at it, in bytes. All of it
	 * is read at one go, by a thread that other plugins wait for: gRPC's own megabyte,
	 * grown to eight, of small events takes that thread 40 ms and more.
	 */
	private static final int FLOW_CONTROL_WINDOW = 64 * 1024;

	/** Of one process on this machine. */
	static final HostLimits DEFAULTS = new HostLimits(4 * 1024 * 1024, 8 * 1024, 128, 16, Duration.ofSeconds(10),
			Duration.ofMinutes(10), Duration.ofMinutes(1), Duration.ofSeconds(20));

	/** Of all remote plugins together. */
	static final HostLimits REMOTE = new HostLimits(DEFAULTS.messageBytes, DEFAULTS.metadataBytes,
			DEFAULTS.callsPerConnection, 256, DEFAULTS.handshake, DEFAULTS.idle, DEFAULTS.keepAlive,
			DEFAULTS.keepAliveTimeout);

	/**
	 * Sets those of them that gRPC knows, and what all servers of the host service have
	 * in common. Connections are counted elsewhere.
	 * @param builder the server's
	 * @return the same
	 */
	NettyServerBuilder applyTo(NettyServerBuilder builder) {
		return builder
			// Methods do not block, and gRPC's own pool has no bound.
			.directExecutor()
			.flowControlWindow(FLOW_CONTROL_WINDOW)
			.maxInboundMessageSize(this.messageBytes)
			.maxInboundMetadataSize(this.metadataBytes)
			.maxConcurrentCallsPerConnection(this.callsPerConnection)
			.handshakeTimeout(this.handshake.toMillis(), TimeUnit.MILLISECONDS)
			.maxConnectionIdle(this.idle.toMillis(), TimeUnit.MILLISECONDS)
			.keepAliveTime(this.keepAlive.toMillis(), TimeUnit.MILLISECONDS)
			.keepAliveTimeout(this.keepAliveTimeout.toMillis(), TimeUnit.MILLISECONDS)
			.permitKeepAliveTime(10, TimeUnit.SECONDS)
			.permitKeepAliveWithoutCalls(true)
			.maxRstFramesPerWindow(200, 10);
	}

}
