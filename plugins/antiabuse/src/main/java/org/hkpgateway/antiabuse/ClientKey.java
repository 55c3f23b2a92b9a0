package org.hkpgateway.antiabuse;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Who is counted as one client: an IPv4 address, or an IPv6 /64 network, because a single
 * host is given a whole one and may change its address within it at will. An IPv4-mapped
 * IPv6 address is the IPv4 address (Java itself makes it one).
 *
 * @param bits the address in the upper 32 bits, or the upper 64 bits of an IPv6 address
 * @param v4 whether it is IPv4
 */
record ClientKey(long bits, boolean v4) {

	static ClientKey of(InetAddress address) {
		ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
		return (address instanceof Inet4Address) ? new ClientKey(((long) bytes.getInt()) << 32, true)
				: new ClientKey(bytes.getLong(), false);
	}

	/**
	 * As operators write it.
	 * @return {@code 192.0.2.7} or {@code 2001:db8:0:0:0:0:0:0/64}
	 */
	@Override
	public String toString() {
		byte[] bytes = this.v4 ? ByteBuffer.allocate(4).putInt((int) (this.bits >>> 32)).array()
				: ByteBuffer.allocate(16).putLong(this.bits).array();
		try {
			return InetAddress.getByAddress(bytes).getHostAddress() + (this.v4 ? "" : "/64");
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException("4 and 16 bytes are always an address", ex);
		}
	}

}
