package org.hkpgateway.http;

import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Fields that concern one connection only and are never forwarded: RFC 9110 section
 * 7.6.1, and the older Keep-Alive and Proxy-Connection.
 */
public final class HopByHop {

	private static final FieldNames ALWAYS = FieldNames.of("connection", "keep-alive", "proxy-connection", "te",
			"trailer", "transfer-encoding", "upgrade", "proxy-authenticate", "proxy-authorization");

	private static final Predicate<String> STANDARD = ALWAYS::contains;

	private HopByHop() {
	}

	/**
	 * Tells which names to strip from a message.
	 * @param connectionValues every value of its Connection header
	 * @return matches the standard names and those that Connection lists
	 */
	public static Predicate<String> names(Collection<String> connectionValues) {
		if (connectionValues.isEmpty()) {
			return STANDARD;
		}
		Set<String> listed = new HashSet<>();
		for (String value : connectionValues) {
			for (String name : value.split(",", -1)) {
				listed.add(name.trim().toLowerCase(Locale.ROOT));
			}
		}
		listed.remove("close");
		listed.remove("keep-alive");
		listed.remove("");
		return listed.isEmpty() ? STANDARD : STANDARD.or((name) -> listed.contains(name.toLowerCase(Locale.ROOT)));
	}

}
