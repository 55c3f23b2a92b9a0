package org.hkpgateway.plugin;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * What a plugin may see or do. Requested by its manifest, granted by the operator,
 * enforced by the gateway on what the plugin gets and on what it answers.
 */
public enum Capability {

	/** See request heads. */
	HTTP_REQUEST("http.request"),
	/** See request bodies. */
	HTTP_REQUEST_BODY("http.request.body"),
	/** Change request headers. */
	HTTP_REQUEST_MODIFY("http.request.modify"),
	/** Change path, query and body. */
	HTTP_REQUEST_REWRITE("http.request.rewrite"),
	/** Answer in the keyserver's place. */
	HTTP_RESPOND("http.respond"),
	/** See the keyserver's response heads and add headers. */
	HTTP_RESPONSE("http.response"),
	/** See Authorization and Cookie. */
	HTTP_CREDENTIALS("http.credentials"),
	/** Ask the keyserver through the host. */
	STORAGE_QUERY("storage.query"),
	/** Answer storage queries. */
	STORAGE_PROVIDE("storage.provide"),
	/** Emit events. */
	EVENTS_PUBLISH("events.publish"),
	/** Receive events. */
	EVENTS_SUBSCRIBE("events.subscribe"),
	/** Use the shared state. */
	STATE("state");

	private static final String MIDDLEWARE = "http_middleware";

	private final String label;

	Capability(String label) {
		this.label = label;
	}

	/**
	 * The name in manifests, configuration and protocol.
	 * @return for example {@code http.request}
	 */
	public String label() {
		return this.label;
	}

	/**
	 * Finds a capability by its label.
	 * @param label for example {@code http.request}
	 * @return empty for a label that grants nothing
	 */
	public static Optional<Capability> byLabel(String label) {
		return Arrays.stream(values()).filter((capability) -> capability.label.equals(label)).findFirst();
	}

	/**
	 * Reads labels as a manifest may list them: {@code http_middleware} stands for
	 * {@link #HTTP_REQUEST} and {@link #HTTP_RESPOND}, unknown labels grant nothing.
	 * @param labels the labels
	 * @return the capabilities they name, possibly none
	 */
	public static Set<Capability> requestedBy(Iterable<String> labels) {
		Set<Capability> requested = EnumSet.noneOf(Capability.class);
		for (String label : labels) {
			if (label.equals(MIDDLEWARE)) {
				requested.add(HTTP_REQUEST);
				requested.add(HTTP_RESPOND);
			}
			byLabel(label).ifPresent(requested::add);
		}
		return requested;
	}

	@Override
	public String toString() {
		return this.label;
	}

}
