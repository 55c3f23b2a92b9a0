package org.hkpgateway.conformance;

import java.io.Serial;

/**
 * A process of the plugin did not get as far as it had to; the message says how far.
 */
final class SessionException extends Exception {

	@Serial
	private static final long serialVersionUID = 1L;

	SessionException(String message) {
		super(message);
	}

}
