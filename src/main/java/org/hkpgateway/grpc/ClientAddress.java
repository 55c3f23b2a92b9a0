package org.hkpgateway.grpc;

import java.net.InetSocketAddress;

import io.netty.util.NetUtil;

/**
 * A client's address as plugins read it: IPv6 compressed as RFC 5952 says, without the
 * scope id, which means something on this machine only.
 */
final class ClientAddress {

	private ClientAddress() {
	}

	/**
	 * The bare address.
	 * @param client resolved
	 * @return for example {@code 192.0.2.7} or {@code 2001:db8::7}
	 */
	static String bare(InetSocketAddress client) {
		return (client.getAddress() != null) ? NetUtil.toAddressString(client.getAddress()) : client.getHostString();
	}

	/**
	 * Address and port.
	 * @param client resolved
	 * @return for example {@code 192.0.2.7:4711} or {@code [2001:db8::7]:4711}
	 */
	static String withPort(InetSocketAddress client) {
		String bare = bare(client);
		String host = (bare.indexOf(':') >= 0) ? "[".concat(bare).concat("]") : bare;
		return host.concat(":").concat(Integer.toString(client.getPort()));
	}

}
