package org.hkpgateway.http;

import java.util.HashSet;
import java.util.List;
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

	/**
	 * RFC 9110 section 7.6.1 forbids Connection to name fields that are for everybody.
	 * Who names one of these nevertheless would change what the message means to those
	 * behind.
	 */
	private static final Set<String> END_TO_END = Set.of("host", "authorization", "cookie", "cache-control", "expect",
			"origin", "via", "set-cookie", "location", "retry-after", "www-authenticate", "allow", "vary");

	private static final Predicate<String> STANDARD = ALWAYS::contains;

	private HopByHop() {
	}

	/**
	 * Tells which names to strip from a message.
	 * @param connectionValues every value of its Connection header
	 * @return matches the standard names and those that Connection lists, except those
	 * that it may not list: Host, Content-Length and the like
	 */
	public static Predicate<String> names(List<String> connectionValues) {
		if (connectionValues.isEmpty() || (connectionValues.size() == 1 && isUsual(connectionValues.get(0)))) {
			return STANDARD;
		}
		Set<String> listed = new HashSet<>();
		for (String value : connectionValues) {
			for (String name : value.split(",", -1)) {
				String field = name.trim().toLowerCase(Locale.ROOT);
				if (!isEndToEnd(field)) {
					listed.add(field);
				}
			}
		}
		listed.remove("close");
		listed.remove("keep-alive");
		listed.remove("");
		return listed.isEmpty() ? STANDARD : STANDARD.or((name) -> listed.contains(name.toLowerCase(Locale.ROOT)));
	}

	private static boolean isUsual(String value) {
		return value.equalsIgnoreCase("keep-alive") || value.equalsIgnoreCase("close");
	}

	private static boolean isEndToEnd(String name) {
		return name.startsWith("content-") || name.startsWith("access-control-") || END_TO_END.contains(name);
	}

}
