package org.hkpgateway.proxy;

import java.util.Locale;

/**
 * A limit of {@code hkp.edge} that ends a connection or a request when it is reached.
 */
public enum EdgeLimit {

	/** All connections of the public port. */
	MAX_CONNECTIONS("connection refused"),
	/** Connections of one client address. */
	MAX_CONNECTIONS_PER_ADDRESS("connection refused"),
	/** Silence while the gateway waits for the client. */
	IDLE_TIMEOUT("connection closed"),
	/** Time from the first byte of a request's head to its end. */
	REQUEST_HEAD_TIMEOUT("request refused"),
	/** How fast a request body comes. */
	MIN_BODY_RATE("request refused"),
	/** How fast an answer is taken. */
	MIN_RESPONSE_RATE("connection reset");

	private final String consequence;

	EdgeLimit(String consequence) {
		this.consequence = consequence;
	}

	/**
	 * The key without its prefix.
	 * @return for example {@code max-connections}
	 */
	public String label() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	String consequence() {
		return this.consequence;
	}

}
