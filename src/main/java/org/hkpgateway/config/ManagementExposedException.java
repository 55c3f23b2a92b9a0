package org.hkpgateway.config;

/**
 * Management would listen beyond loopback without credentials.
 */
class ManagementExposedException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	ManagementExposedException(String message) {
		super(message);
	}

}
