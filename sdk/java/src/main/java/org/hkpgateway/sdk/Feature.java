package org.hkpgateway.sdk;

/**
 * An optional part of the protocol that a plugin may declare.
 */
enum Feature {

	/** {@code handle} honours {@link Request#dryRun()}. */
	DRY_RUN("dry_run"),

	/** Many requests on one stream. */
	STREAM("stream"),

	/** {@code onResponse} is to be called. */
	RESPONSE("response"),

	/** {@code onEvents} is to be called. */
	EVENTS("events"),

	/** {@code provideKeys} is to be called. The grant alone says so in the protocol. */
	KEYS("");

	private final String word;

	Feature(String word) {
		this.word = word;
	}

	/**
	 * Its name in the protocol.
	 * @return as in {@code InitResponse.features}; empty if it has none there
	 */
	String word() {
		return this.word;
	}

}
