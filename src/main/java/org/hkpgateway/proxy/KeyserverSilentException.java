package org.hkpgateway.proxy;

import java.io.IOException;
import java.time.Duration;

/**
 * A keyserver was waited for and did nothing.
 */
final class KeyserverSilentException extends IOException {

	private static final long serialVersionUID = 1L;

	/**
	 * Makes one without a stack trace, which would be a timer's.
	 * @param keyserver its host and port
	 * @param expected what it was to do, as in "to send bytes"
	 * @param limit how long it was waited for
	 */
	KeyserverSilentException(String keyserver, String expected, Duration limit) {
		super("expected: keyserver " + keyserver + " " + expected + " within " + limit.toMillis() + " ms, got: none");
	}

	@Override
	public synchronized Throwable fillInStackTrace() {
		return this;
	}

}
