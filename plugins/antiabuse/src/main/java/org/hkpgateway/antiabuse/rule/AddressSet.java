package org.hkpgateway.antiabuse.rule;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

import org.hkpgateway.sdk.config.ConfigException;

import org.jspecify.annotations.Nullable;

/**
 * A set of addresses and CIDR networks, IPv4 and IPv6. A look-up takes one probe of a
 * hash set for each prefix length that occurs, however long the list is. Immutable.
 */
public final class AddressSet {

	private static final String EXPECTED = "an address or network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32";

	private static final Pattern V4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");

	private static final Pattern V6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

	private final Set<Network> networks = new HashSet<>();

	private final int[] v4Lengths;

	private final int[] v6Lengths;

	private AddressSet(List<Network> networks) {
		Set<Integer> v4 = new TreeSet<>();
		Set<Integer> v6 = new TreeSet<>();
		for (Network network : networks) {
			this.networks.add(network);
			(network.v4() ? v4 : v6).add(network.length());
		}
		this.v4Lengths = v4.stream().mapToInt(Integer::intValue).toArray();
		this.v6Lengths = v6.stream().mapToInt(Integer::intValue).toArray();
	}

	/**
	 * Reads a list. Bits beyond a network's prefix are ignored, as everywhere.
	 * @param key the configuration key, for errors
	 * @param texts addresses and networks
	 * @return the set
	 * @throws ConfigException for a text that is neither; no name is ever looked up
	 */
	public static AddressSet parse(String key, List<String> texts) {
		Network[] networks = new Network[texts.size()];
		for (int i = 0; i < networks.length; i++) {
			Network network = parse(texts.get(i).strip());
			if (network == null) {
				throw new ConfigException(key + "[" + i + "]", EXPECTED, "'" + texts.get(i) + "'");
			}
			networks[i] = network;
		}
		return new AddressSet(List.of(networks));
	}

	/**
	 * Looks an address up.
	 * @param address the address
	 * @return whether it is one of the set, or in a network of it
	 */
	public boolean contains(InetAddress address) {
		boolean v4 = address instanceof Inet4Address;
		for (int length : v4 ? this.v4Lengths : this.v6Lengths) {
			if (this.networks.contains(Network.of(address, length))) {
				return true;
			}
		}
		return false;
	}

	@Override
	public String toString() {
		return this.networks.size() + " networks";
	}

	private static @Nullable Network parse(String text) {
		int slash = text.indexOf('/');
		String host = (slash < 0) ? text : text.substring(0, slash);
		boolean v6 = V6.matcher(host).matches();
		if (!v6 && !V4.matcher(host).matches()) {
			return null;
		}
		try {
			InetAddress address = InetAddress.getByName(host);
			int most = v6 ? 128 : 32;
			int length = (slash < 0) ? most : Integer.parseInt(text.substring(slash + 1));
			if (length < 0 || length > most) {
				return null;
			}
			if (v6 && address instanceof Inet4Address) {
				// IPv4-mapped: the prefix counts the 96 bits in front of it.
				return (length < 96) ? null : Network.of(address, length - 96);
			}
			return Network.of(address, length);
		}
		catch (UnknownHostException | NumberFormatException ex) {
			return null;
		}
	}

	private record Network(boolean v4, int length, long high, long low) {

		static Network of(InetAddress address, int length) {
			ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
			if (address instanceof Inet4Address) {
				return new Network(true, length, (((long) bytes.getInt()) << 32) & mask(length), 0);
			}
			long high = bytes.getLong() & mask(Math.min(length, 64));
			return new Network(false, length, high, bytes.getLong() & mask(Math.max(0, length - 64)));
		}

		/** The upper bits set; shifting by 64 would shift by nothing. */
		private static long mask(int length) {
			return (length == 0) ? 0 : -1L << (64 - length);
		}

	}

}
