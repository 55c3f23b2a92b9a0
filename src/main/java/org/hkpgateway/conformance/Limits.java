package org.hkpgateway.conformance;

import java.time.Duration;

/**
 * How long the gateway waits for a plugin, and so does the kit.
 */
final class Limits {

	/** Until the handshake. */
	static final Duration START = Duration.ofSeconds(60);

	/** Until the connection stands. */
	static final Duration CONNECT = Duration.ofSeconds(10);

	static final Duration INITIALIZE = Duration.ofSeconds(10);

	static final Duration HEALTH = Duration.ofSeconds(5);

	static final Duration EVENTS = Duration.ofSeconds(5);

	/** Of Shutdown, until the process has ended. */
	static final Duration SHUTDOWN = Duration.ofSeconds(5);

	/** After a signal, or the end of stdin. */
	static final Duration EXIT = Duration.ofSeconds(5);

	/** For an exit without cookie and the like: a runtime may be slow to start. */
	static final Duration REFUSAL = Duration.ofSeconds(20);

	/** For what is not expected to come. */
	static final Duration MOMENT = Duration.ofSeconds(1);

	/** For one answer where its time is not the question. */
	static final Duration ANSWER = Duration.ofSeconds(5);

	private Limits() {
	}

	static long deadline(Duration timeout) {
		return System.nanoTime() + timeout.toNanos();
	}

}
