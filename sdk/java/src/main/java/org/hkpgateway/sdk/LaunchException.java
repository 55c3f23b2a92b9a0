package org.hkpgateway.sdk;

import org.jspecify.annotations.Nullable;

/**
 * Why a plugin cannot start; the message says what was expected, what came and what to
 * do.
 */
class LaunchException extends Exception {

	private static final long serialVersionUID = 1L;

	LaunchException(String message) {
		super(message);
	}

	LaunchException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
