package org.hkpgateway.proxy;

/** How an exchange came to its end. */
enum Ending {

	/** The answer was handed to the connection, all of it. */
	WHOLE("whole"),
	/** The client went away before. */
	CLIENT_LEFT("client-left"),
	/** The keyserver's answer broke off, and so the client's was reset. */
	CUT_SHORT("cut-short");

	private final String label;

	Ending(String label) {
		this.label = label;
	}

	/** A word for events and spans. */
	String label() {
		return this.label;
	}

}
