package org.hkpgateway.host;

/**
 * Why a call of a plugin was refused before anybody looked at it.
 */
public enum HostRefusal {

	/** No token, or not that of the socket's process. */
	UNAUTHENTICATED("unauthenticated"),

	/** The operator has not granted what the method needs. */
	NOT_GRANTED("not_granted"),

	/** This version of the gateway does not serve the method. */
	NOT_SERVED("not_served"),

	/** More connections than one process may have. */
	TOO_MANY_CONNECTIONS("too_many_connections");

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
