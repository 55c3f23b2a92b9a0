package org.hkpgateway.http;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Header fields that only the gateway itself may write, in requests and in answers: they
 * frame messages (RFC 9112), belong to one connection (RFC 9110 section 7.6.1), or say
 * who sent a request and which way it came.
 */
public final class ReservedHeaders {

	private static final Set<String> NAMES = Set.of("host", "content-length", "transfer-encoding", "te", "trailer",
			"connection", "keep-alive", "upgrade", "expect", "forwarded", "x-real-ip", "via", "traceparent");

	private static final List<String> PREFIXES = List.of("proxy-", "x-forwarded-");

	private ReservedHeaders() {
	}

	/**
	 * Whether a field is reserved.
	 * @param name its name, in any case
	 * @return true if nobody but the gateway may write it
	 */
	public static boolean contains(String name) {
		String lower = name.toLowerCase(Locale.ROOT);
		return NAMES.contains(lower) || PREFIXES.stream().anyMatch(lower::startsWith);
	}

}
