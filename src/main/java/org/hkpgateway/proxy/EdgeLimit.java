package org.hkpgateway.proxy;

import java.util.Locale;

/**
 * A limit that ends a connection or a request when it is reached: one of
 * {@code hkp.edge}, or one of what a connection of HTTP/2 may do.
 */
public enum EdgeLimit {

	/** All connections of the public port. */
	MAX_CONNECTIONS("connection refused"),
	/** Connections of one client address. */
	MAX_CONNECTIONS_PER_ADDRESS("connection refused"),
	/** Connections that one client address opens within a time. */
	MAX_NEW_CONNECTIONS_PER_ADDRESS("connection refused"),
	/** Requests in flight of one client address. */
	MAX_REQUESTS_PER_ADDRESS("request refused"),
	/**
	 * The host that is asked for. Not in this log: strangers ask for others all day, and
	 * the access log shows each.
	 */
	ALLOWED_HOSTS(""),
	/** Bytes of a request body. */
	MAX_BODY("request refused"),
	/** Bytes of request bodies that are held in memory. */
	MAX_BUFFERED_BYTES("request refused"),
	/** Bytes of a request's head, and the number of its fields. */
	MAX_HEADER_BYTES("request refused"),
	/** Silence while the gateway waits for the client. */
	IDLE_TIMEOUT("connection closed"),
	/** Time from the first byte of a request's head to its end. */
	REQUEST_HEAD_TIMEOUT("request refused"),
	/** How fast a request body comes. */
	MIN_BODY_RATE("request refused"),
	/** How fast an answer is taken. */
	MIN_RESPONSE_RATE("connection reset"),
	/** Streams that are reset by either side. */
	HTTP2_RESETS("connection closed"),
	/** Small frames that go on with a head. */
	HTTP2_CONTINUATIONS("connection closed"),
	/** Frames of a body without a byte of it. */
	HTTP2_EMPTY_DATA("connection closed"),
	/** Answers to PING, SETTINGS and errors that wait for the client to take them. */
	HTTP2_CONTROL_FRAMES("connection closed");

	private final String consequence;

	EdgeLimit(String consequence) {
		this.consequence = consequence;
	}

	/**
	 * The key without its prefix, or a name that begins with {@code http2-}.
	 * @return for example {@code max-connections}
	 */
	public String label() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * What operators know it by.
	 * @return for example {@code hkp.edge.max-connections}
	 */
	String fullName() {
		return name().startsWith("HTTP2_") ? "Limit " + label() : "hkp.edge." + label();
	}

	/**
	 * What becomes of who reaches it.
	 * @return empty if the log is not to tell
	 */
	String consequence() {
		return this.consequence;
	}

}
