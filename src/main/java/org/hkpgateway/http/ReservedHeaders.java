package org.hkpgateway.http;

/**
 * Header fields that only the gateway itself may write, in requests and in answers: they
 * frame messages (RFC 9112), belong to one connection (RFC 9110 section 7.6.1), or say
 * who sent a request and which way it came.
 * <p>
 * What a Connection header names belongs to the message in which it came, and is taken
 * out of that one. If a plugin writes such a header in an answer of its own, it goes with
 * what it names. But the names that a client or the keyserver lists are not reserved for
 * that: the message that is passed on has no such Connection header, so for the next hop
 * a field of that name which a plugin adds is like any other. To reserve them would let
 * whoever sends {@code Connection: X-Verdict} take away the field that a plugin is there
 * to write, or make the plugin fail.
 * <p>
 * An underscore counts as a hyphen: some programs behind the gateway take one for the
 * other (CGI does by its rules), so {@code X_Forwarded_For} would say who sent a request.
 */
public final class ReservedHeaders {

	private static final FieldNames NAMES = FieldNames.of("host", "content-length", "transfer-encoding", "te",
			"trailer", "connection", "keep-alive", "upgrade", "expect", "via", "traceparent");

	private ReservedHeaders() {
	}

	/**
	 * Whether a field is reserved.
	 * @param name its name, in any case, with hyphens or underscores
	 * @return true if nobody but the gateway may write it
	 */
	public static boolean contains(String name) {
		return NAMES.couldContain(name) || FieldNames.couldBegin(name, "proxy-") || ForwardedNames.contains(name);
	}

}
