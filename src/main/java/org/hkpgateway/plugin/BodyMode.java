package org.hkpgateway.plugin;

/**
 * How much of a request body a plugin wants. Needs {@link Capability#HTTP_REQUEST_BODY}.
 */
public enum BodyMode {

	/** Nothing; the body streams by unread. */
	NONE,
	/** The first bytes; the rest streams by. */
	PREFIX,
	/** All of it; a larger body is refused with 413. */
	FULL

}
