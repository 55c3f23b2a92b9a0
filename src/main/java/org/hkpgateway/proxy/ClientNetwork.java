package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/**
 * What counts as one client: an IPv4 address, or a /64 of IPv6, of which every address
 * may be the same machine.
 *
 * @param v6 whether it is IPv6
 * @param bits the address, or the first half of it
 */
record ClientNetwork(boolean v6, long bits) {

	static ClientNetwork of(InetAddress address) {
		ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
		boolean v6 = bytes.remaining() > Integer.BYTES;
		return new ClientNetwork(v6, v6 ? bytes.getLong() : bytes.getInt());
	}

}
