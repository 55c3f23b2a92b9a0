package org.hkpgateway.process;

/**
 * A plugin's first line is not the handshake that was expected. The message says what was
 * expected and what came, but not of whom.
 */
final class HandshakeException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	HandshakeException(String message) {
		super(message, null, false, false);
	}

}
