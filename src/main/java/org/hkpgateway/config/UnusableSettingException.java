package org.hkpgateway.config;

/**
 * A setting that can be read but not used, on this machine or beside the others.
 */
class UnusableSettingException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String action;

	/**
	 * Makes the exception.
	 * @param message names the key, what was expected and what came
	 * @param action what to do
	 */
	UnusableSettingException(String message, String action) {
		super(message);
		this.action = action;
	}

	String action() {
		return this.action;
	}

}
