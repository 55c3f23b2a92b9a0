package org.hkpgateway.antiabuse.count;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/**
 * Who is counted as one client: an IPv4 address, or an IPv6 /64 network, because a single
 * host is given a whole one and may change its address within it at will. An IPv4-mapped
 * IPv6 address is the IPv4 address (Java itself makes it one).
 *
 * @param bits the address in the upper 32 bits, or the upper 64 bits of an IPv6 address
 * @param v4 whether it is IPv4
 */
public record ClientKey(long bits, boolean v4) {

	/**
	 * All whom an operator wants to be one client. No address has these bits: the lower
	 * ones of an IPv4 address are zero.
	 */
	public static final ClientKey AGGREGATE = new ClientKey(-1, true);

	/**
	 * Finds out who a client is.
	 * @param address its address
	 * @return its key
	 */
	public static ClientKey of(InetAddress address) {
		ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
		return (address instanceof Inet4Address) ? new ClientKey(((long) bytes.getInt()) << 32, true)
				: new ClientKey(bytes.getLong(), false);
	}

	/**
	 * As operators write it.
	 * @return {@code 192.0.2.7}, {@code 2001:db8:0:0:0:0:0:0/64} or {@code aggregate}
	 */
	@Override
	public String toString() {
		if (equals(AGGREGATE)) {
			return "aggregate";
		}
		// By hand: this is the name of each client with the gateway, for each request.
		StringBuilder text = new StringBuilder(27);
		if (this.v4) {
			for (int shift = 56; shift >= 32; shift -= 8) {
				text.append((this.bits >>> shift) & 0xFF).append((shift == 32) ? "" : ".");
			}
			return text.toString();
		}
		for (int shift = 48; shift >= 0; shift -= 16) {
			text.append(Integer.toHexString((int) (this.bits >>> shift) & 0xFFFF)).append(':');
		}
		return text.append("0:0:0:0/64").toString();
	}

}
