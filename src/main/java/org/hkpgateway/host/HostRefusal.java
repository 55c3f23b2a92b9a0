package org.hkpgateway.host;

/**
 * Why a call of a plugin was refused before anybody looked at it.
 */
public enum HostRefusal {

	/**
	 * No token, or not that of the socket's process, or of a remote plugin that is
	 * connected.
	 */
	UNAUTHENTICATED("unauthenticated"),

	/** The operator has not granted what the method needs. */
	NOT_GRANTED("not_granted"),

	/** This version of the gateway does not serve the method. */
	NOT_SERVED("not_served"),

	/** More connections than one process, one address or all remote plugins may have. */
	TOO_MANY_CONNECTIONS("too_many_connections"),

	/** On the port of remote plugins: no TLS, or certificates that do not fit. */
	TLS("tls"),

	/** On that port: a connection that has not shown the token of a plugin in time. */
	NO_TOKEN("no_token");

	private final String label;

	HostRefusal(String label) {
		this.label = label;
	}

	/**
	 * The name in metrics.
	 * @return for example {@code not_granted}
	 */
	public String label() {
		return this.label;
	}

}
