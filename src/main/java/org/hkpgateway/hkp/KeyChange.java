package org.hkpgateway.hkp;

import java.util.Locale;

/**
 * What became of an uploaded key at the keyserver, the weightiest first: of a key that is
 * named twice, the first of these holds.
 */
public enum KeyChange {

	/** It is new. */
	INSERTED,
	/** It was known, and something was added to it. */
	UPDATED,
	/** It was removed. */
	DELETED,
	/** The keyserver took it, and does not say what was new about it. */
	UNKNOWN,
	/** All of it was known. */
	IGNORED,
	/** The keyserver did not take it. */
	INVALID;

	/**
	 * A word for events.
	 * @return lower case
	 */
	public String label() {
		return name().toLowerCase(Locale.ROOT);
	}

}
