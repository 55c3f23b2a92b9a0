package org.hkpgateway.plugin;

/**
 * When a plugin is asked: in the life of a request, or for keys. The guards of one phase
 * know nothing of the other: a plugin that is slow about answers still decides about
 * requests.
 */
public enum Phase {

	/** Before the keyserver is asked: the decision. */
	REQUEST("request"),
	/** The keyserver has answered: status and headers, before the body. */
	RESPONSE("response"),
	/** At any time: a query for keys that the plugin has itself. */
	STORAGE("storage");

	private final String label;

	Phase(String label) {
		this.label = label;
	}

	/**
	 * A word for log and metrics.
	 * @return one of a fixed set
	 */
	public String label() {
		return this.label;
	}

}
