package org.hkpgateway.proxy;

import java.net.ConnectException;

import io.netty.channel.ConnectTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a keyserver is up, which it is taken to be at first.
 *
 * <pre>
 * UP   -> DOWN   after as many failures in a row as configured, or when it refuses a connection
 * DOWN -> UP     after as many good checks in a row as configured
 * </pre>
 *
 * Thread-safe.
 */
final class UpstreamState {

	private static final Logger logger = LoggerFactory.getLogger(UpstreamState.class);

	private final String name;

	private final UpstreamSettings.Health health;

	private volatile boolean up = true;

	/** How many signals in a row spoke against the state. */
	private int contrary;

	UpstreamState(String name, UpstreamSettings.Health health) {
		this.name = name;
		this.health = health;
	}

	boolean isUp() {
		return this.up;
	}

	/** It passed a check. */
	synchronized void passed() {
		if (this.up) {
			this.contrary = 0;
			return;
		}
		this.contrary++;
		if (this.contrary >= this.health.upAfter()) {
			change(true);
			logger.info("Keyserver {} is up: {} checks in a row were good", this.name, this.health.upAfter());
		}
	}

	/**
	 * It failed a check, or could not be reached in time.
	 * @param why for the log
	 */
	synchronized void failed(String why) {
		if (!this.up) {
			this.contrary = 0;
			return;
		}
		this.contrary++;
		if (this.contrary >= this.health.downAfter()) {
			change(false);
			logger.warn("Keyserver {} is down: {} failures in a row, the last: {}", this.name, this.health.downAfter(),
					why);
		}
	}

	/**
	 * No connection could be made. If it was refused, nobody listens, and there is no
	 * need to wait for more failures.
	 * @param error what came of the attempt
	 */
	void unreachable(Throwable error) {
		if (error instanceof ConnectException && !(error instanceof ConnectTimeoutException)) {
			refused(error.toString());
		}
		else {
			failed(error.toString());
		}
	}

	private synchronized void refused(String why) {
		boolean wasUp = this.up;
		change(false);
		if (wasUp) {
			logger.warn("Keyserver {} is down: {}", this.name, why);
		}
	}

	private void change(boolean up) {
		this.up = up;
		this.contrary = 0;
	}

}
