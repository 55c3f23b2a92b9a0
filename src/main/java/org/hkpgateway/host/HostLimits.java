package org.hkpgateway.host;

import java.time.Duration;

/**
 * What one process may demand of its host.
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

	static final HostLimits DEFAULTS = new HostLimits(4 * 1024 * 1024, 8 * 1024, 128, 16, Duration.ofSeconds(10),
			Duration.ofMinutes(10), Duration.ofMinutes(1), Duration.ofSeconds(20));

}
