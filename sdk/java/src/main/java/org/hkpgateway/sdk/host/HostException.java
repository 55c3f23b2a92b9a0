package org.hkpgateway.sdk.host;

/**
 * The gateway did not do what it was asked to do.
 */
public class HostException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	/**
	 * Makes one.
	 * @param reason what to make of it
	 * @param message the gateway's own words
	 */
	public HostException(Reason reason, String message) {
		// No stack trace: it would show gRPC's threads only, and there may be one for
		// each request.
		super(message, null, false, false);
		this.reason = reason;
	}

	/**
	 * A call for which a grant is missing.
	 * @param grant which one
	 * @return says what to do
	 */
	public static HostException notGranted(String grant) {
		return new HostException(Reason.NOT_GRANTED, "expected: the grant " + grant
				+ ", got: none; name it among the capabilities in plugin.toml and let the operator grant it");
	}

	/**
	 * What to make of it.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/** Why. */
	public enum Reason {

		/**
		 * The gateway or its store is away, did not answer in time, ended the call
		 * (CANCELLED), or does not take the plugin's token, as while it is not connected
		 * to the plugin (UNAUTHENTICATED). Decide without it.
		 */
		UNAVAILABLE,
		/** The operator has not granted it; the message names the grant. */
		NOT_GRANTED,
		/**
		 * The plugin's quota of keys or bytes is used up, or it asks too much at a time.
		 */
		QUOTA,
		/** An argument is not what the method takes. */
		INVALID,
		/** Anything else. */
		FAILED

	}

}
