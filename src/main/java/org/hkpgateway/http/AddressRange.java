package org.hkpgateway.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A range of IP addresses in CIDR notation. Equal if it holds the same addresses, however
 * it was written. An IPv4 address and the same one mapped into IPv6
 * ({@code ::ffff:192.0.2.1}, RFC 4291 section 2.5.5.2) are one.
 */
public final class AddressRange {

	/** Without leading zeros, which some programs read as octal. */
	private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

	private static final Pattern IPV4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");

	/** What can be nothing else; {@link InetAddress} decides, and asks no name server. */
	private static final Pattern IPV6 = Pattern.compile("(?=[^:]*:)[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}");

	/** In an IPv6 address that is written in full. */
	private static final Pattern ZEROS = Pattern.compile("\\b0(?::0)+\\b");

	private static final Pattern PREFIX = Pattern.compile("\\d{1,3}");

	/** Bits of an IPv6 address before the IPv4 address that is mapped into it. */
	private static final int MAPPED_BITS = 96;

	private final byte[] network;

	private final int prefix;

	private AddressRange(byte[] network, int prefix) {
		this.network = network;
		this.prefix = prefix;
		for (int bit = prefix; bit < network.length * 8; bit++) {
			network[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
		}
	}

	/**
	 * Reads an address or a CIDR. Bits behind the prefix do not count.
	 * @param text for example {@code 192.0.2.1} or {@code 2001:db8::/32}
	 * @return the range, or null if the text is neither
	 */
	public static @Nullable AddressRange parse(String text) {
		int slash = text.indexOf('/');
		String host = (slash < 0) ? text : text.substring(0, slash);
		InetAddress address = address(host);
		if (address == null) {
			return null;
		}
		byte[] network = unmapped(address.getAddress());
		int most = network.length * 8;
		if (slash < 0) {
			return new AddressRange(network, most);
		}
		String bits = text.substring(slash + 1);
		if (!PREFIX.matcher(bits).matches()) {
			return null;
		}
		boolean mapped = network.length == 4 && host.indexOf(':') >= 0;
		int prefix = Integer.parseInt(bits) - (mapped ? MAPPED_BITS : 0);
		return (prefix < 0 || prefix > most) ? null : new AddressRange(network, prefix);
	}

	private static @Nullable InetAddress address(String text) {
		if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
			return null;
		}
		try {
			return InetAddress.getByName(text);
		}
		catch (UnknownHostException ex) {
			return null;
		}
	}

	/**
	 * Whether an address is in the range. The zone of an IPv6 address does not matter.
	 * @param address any address
	 * @return false also if it is of the other IP version
	 */
	public boolean contains(InetAddress address) {
		byte[] other = unmapped(address.getAddress());
		int whole = this.prefix / 8;
		if (other.length != this.network.length || !Arrays.equals(this.network, 0, whole, other, 0, whole)) {
			return false;
		}
		int rest = this.prefix % 8;
		return rest == 0 || ((this.network[whole] ^ other[whole]) & 0xff) >> (8 - rest) == 0;
	}

	private static byte[] unmapped(byte[] address) {
		int start = MAPPED_BITS / 8;
		if (address.length != 16 || address[start - 1] != -1 || address[start - 2] != -1) {
			return address;
		}
		for (int i = 0; i < start - 2; i++) {
			if (address[i] != 0) {
				return address;
			}
		}
		return Arrays.copyOfRange(address, start, address.length);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof AddressRange range && this.prefix == range.prefix
				&& Arrays.equals(this.network, range.network);
	}

	@Override
	public int hashCode() {
		return 31 * Arrays.hashCode(this.network) + this.prefix;
	}

	/** In CIDR notation, for example {@code 192.0.2.0/24}; IPv6 as in RFC 5952. */
	@Override
	public String toString() {
		try {
			return shortened(InetAddress.getByAddress(this.network).getHostAddress()) + "/" + this.prefix;
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException("expected: 4 or 16 bytes, got: " + this.network.length, ex);
		}
	}

	private static String shortened(String address) {
		MatchResult longest = ZEROS.matcher(address)
			.results()
			.reduce((one, next) -> (next.group().length() > one.group().length()) ? next : one)
			.orElse(null);
		if (longest == null) {
			return address;
		}
		String text = address.substring(0, longest.start()) + "::" + address.substring(longest.end());
		return text.replaceFirst(":{3,}", "::");
	}

}
