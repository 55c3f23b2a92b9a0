package org.hkpgateway.sdk;

import java.util.Locale;
import java.util.Set;

/**
 * The header fields that only the gateway writes, for it frames messages and says who
 * sent a request and which way it came. The gateway refuses a decision that changes one;
 * this tells the author where it is made. An underscore counts as a hyphen, as there.
 */
final class ReservedHeaders {

	private static final Set<String> NAMES = Set.of("host", "content-length", "transfer-encoding", "te", "trailer",
			"connection", "keep-alive", "upgrade", "expect", "via", "traceparent", "forwarded", "x-real-ip");

	private ReservedHeaders() {
	}

	static boolean contains(String name) {
		String plain = name.toLowerCase(Locale.ROOT).replace('_', '-');
		return NAMES.contains(plain) || plain.startsWith("proxy-") || plain.startsWith("x-forwarded-");
	}

}
