package org.hkpgateway.proxy;

import java.net.InetSocketAddress;

import org.jspecify.annotations.Nullable;

/**
 * Who sent a request, as far as it can be trusted.
 *
 * @param client the client; port 0 when a proxy did not say
 * @param peer the other end of the connection
 * @param trustedPeer whether the peer is a trusted proxy, whose forwarded headers are
 * believed
 * @param tls whether the client spoke TLS, to the gateway or to a trusted proxy that said
 * so
 * @param host the host that the client asked a trusted proxy for; null if none says so
 */
record ClientAddress(InetSocketAddress client, InetSocketAddress peer, boolean trustedPeer, boolean tls,
		@Nullable String host) {

	/** One whose peer is not believed. */
	static ClientAddress untrusted(InetSocketAddress peer, boolean tls) {
		return new ClientAddress(peer, peer, false, tls, null);
	}

}
