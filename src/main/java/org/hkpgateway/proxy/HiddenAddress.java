package org.hkpgateway.proxy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.netty.util.NetUtil;

/**
 * Takes an address out of texts, as programs of any language write it: IPv4 also mapped
 * into IPv6, IPv6 short, with every zero, or in full, in any case, and with colons
 * escaped as in a URL.
 */
final class HiddenAddress {

	private final Pattern spellings;

	private final String instead;

	/**
	 * Hides an address.
	 * @param address which
	 * @param instead what stands in its place
	 */
	HiddenAddress(InetAddress address, String instead) {
		this.spellings = Pattern.compile(
				spellings(address).stream().map(Pattern::quote).collect(Collectors.joining("|", "(?<![0-9])(?:", ")"))
						+ "(?![0-9])",
				Pattern.CASE_INSENSITIVE);
		this.instead = Matcher.quoteReplacement(instead);
	}

	/** Whether a text could name any address: cheap, and wrong in one direction only. */
	static boolean mayBeIn(String text) {
		return text.indexOf('.') >= 0 || text.indexOf(':') >= 0 || text.indexOf('%') >= 0;
	}

	/** The text without the address. */
	String in(String text) {
		return this.spellings.matcher(text).replaceAll(this.instead);
	}

	private static Set<String> spellings(InetAddress address) {
		Set<String> spellings = new LinkedHashSet<>();
		byte[] bytes = address.getAddress();
		if (address instanceof Inet4Address) {
			spellings.add(address.getHostAddress());
			spellings.add(String.format(Locale.ROOT, "::ffff:%x:%x", group(bytes, 0), group(bytes, 2)));
			spellings.add(String.format(Locale.ROOT, "::ffff:%04x:%04x", group(bytes, 0), group(bytes, 2)));
			byte[] mapped = new byte[16];
			mapped[10] = (byte) 0xff;
			mapped[11] = (byte) 0xff;
			System.arraycopy(bytes, 0, mapped, 12, 4);
			spellings.add(groups(mapped, "%x"));
			spellings.add(groups(mapped, "%04x"));
		}
		else {
			spellings.add(NetUtil.toAddressString(address));
			spellings.add(groups(bytes, "%x"));
			spellings.add(groups(bytes, "%04x"));
		}
		Set<String> all = new LinkedHashSet<>(spellings);
		spellings.forEach((spelling) -> all.add(spelling.replace(":", "%3A")));
		return all;
	}

	private static String groups(byte[] bytes, String format) {
		StringJoiner groups = new StringJoiner(":");
		for (int i = 0; i < bytes.length; i += 2) {
			groups.add(String.format(Locale.ROOT, format, group(bytes, i)));
		}
		return groups.toString();
	}

	private static int group(byte[] bytes, int at) {
		return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
	}

}
